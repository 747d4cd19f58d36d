"""How many cores a process may use: of a machine with 64, in containers of every kind."""

from __future__ import annotations

import logging
import os
import re
from pathlib import Path

import pytest

from squall.core import cpus
from squall.core.cpus import CpuLimits, cpu_limits, usable_cores

REPOSITORY = Path(__file__).parents[3]
V2 = "0::/\n"
V1 = "4:memory:/box\n3:cpu,cpuacct:/box\n0::/\n"


def limits(root: Path, files: dict[str, str], affinity: int = 64) -> CpuLimits:
    for name, text in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return cpu_limits(root, lambda: 64, lambda _: range(affinity))


@pytest.mark.parametrize(
    ("text", "cores"),
    [("200000 100000\n", 2), ("150000 100000\n", 2), ("10000 100000\n", 1), ("max 100000\n", 64), ("9900000 100000\n", 64), ("broken", 64)],
)
def test_a_container_of_cgroup_v2_gets_its_quota_rounded_up(tmp_path: Path, text: str, cores: int) -> None:
    assert limits(tmp_path, {"proc/self/cgroup": V2, "sys/fs/cgroup/cpu.max": text}).cores == cores


@pytest.mark.parametrize(("quota", "cores"), [("200000", 2), ("250000", 3), ("-1", 64), ("0", 64)])
@pytest.mark.parametrize("folder", ["cpu,cpuacct/box", "cpu/box", "cpu,cpuacct", "cpu"])
def test_a_container_of_cgroup_v1_does_too(tmp_path: Path, quota: str, cores: int, folder: str) -> None:
    files = {f"sys/fs/cgroup/{folder}/cpu.cfs_quota_us": quota, f"sys/fs/cgroup/{folder}/cpu.cfs_period_us": "100000"}
    assert limits(tmp_path, {"proc/self/cgroup": V1} | files).cores == cores


def test_the_tightest_group_on_the_way_up_counts(tmp_path: Path) -> None:
    groups = "sys/fs/cgroup/kubepods.slice"
    files = {
        "proc/self/cgroup": "0::/kubepods.slice/pod1/box\n",
        f"{groups}/pod1/box/cpu.max": "800000 100000",
        f"{groups}/pod1/cpu.max": "300000 100000",
        f"{groups}/cpu.max": "max 100000",
    }
    assert limits(tmp_path, files) == CpuLimits(64, 64, 3.0)


def test_a_path_of_the_host_that_is_not_mounted_here_leads_to_the_containers_own_group(tmp_path: Path) -> None:
    files = {"proc/self/cgroup": "0::/../../docker/0123\n", "sys/fs/cgroup/cpu.max": "200000 100000"}
    assert limits(tmp_path, files).cores == 2


def test_the_affinity_counts_beside_the_quota(tmp_path: Path) -> None:
    assert limits(tmp_path, {}, affinity=3).cores == 3
    assert limits(tmp_path, {"proc/self/cgroup": V2, "sys/fs/cgroup/cpu.max": "200000 100000"}, affinity=3).cores == 2
    assert limits(tmp_path, {"proc/self/cgroup": V2, "sys/fs/cgroup/cpu.max": "800000 100000"}, affinity=3).cores == 3


def test_a_system_without_affinity_and_groups_has_what_the_machine_has(tmp_path: Path) -> None:
    assert cpu_limits(tmp_path, lambda: 8, None).cores == 8
    assert cpu_limits(tmp_path, lambda: None, None).cores == 1


def test_this_machine_gives_at_least_one_core_and_says_so_once(caplog: pytest.LogCaptureFixture) -> None:
    usable_cores.cache_clear()
    with caplog.at_level(logging.INFO, cpus.__name__):
        assert 1 <= usable_cores() == usable_cores() <= (os.cpu_count() or 1)
    assert [record.name for record in caplog.records] == ["squall.core.cpus"]


def test_no_other_module_sizes_anything_by_the_cores_of_the_machine() -> None:
    counts = re.compile(r"\bcpu_count\b")
    found = {
        str(file.relative_to(REPOSITORY))
        for room in ("alerts", "backtest", "core", "dashboards", "entities", "ingest", "model", "squall", "storage", "stories", "stream")
        for file in (REPOSITORY / room).rglob("*.py")
        if counts.search(file.read_text())
    }
    assert found == {"core/cpus.py"}, "use squall.core.cpus.usable_cores"
