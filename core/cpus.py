"""How many CPU cores this process may use: the minimum of the machine's cores, the affinity and the cgroup (container) quota."""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Final

log = logging.getLogger(__name__)

_AFFINITY: Final[Callable[[int], Collection[int]] | None] = getattr(os, "sched_getaffinity", None)
_CGROUP: Final = Path("sys/fs/cgroup")


@dataclass(frozen=True, slots=True)
class CpuLimits:
    """What bounds the cores of this process.

    Args:
        machine: cores of the machine.
        affinity: cores that the scheduler may use for this process.
        quota: CPU time per wall time that the control group grants, in cores; None: unlimited.
    """

    machine: int
    affinity: int
    quota: float | None = None

    @property
    def cores(self) -> int:
        """Number of threads that can run at a time; a part of a core counts as one."""
        allowed = min(self.machine, self.affinity)
        return max(1, allowed if self.quota is None else min(allowed, math.ceil(self.quota)))


@cache
def usable_cores() -> int:
    """Return how many cores this process may use, at least 1; looked up, and logged, once."""
    limits = cpu_limits()
    quota = "none" if limits.quota is None else f"{limits.quota:g}"
    log.info("using %d of %d CPU cores (affinity: %d, quota: %s)", limits.cores, limits.machine, limits.affinity, quota)
    return limits.cores


def cpu_limits(
    root: Path = Path("/"),
    machine: Callable[[], int | None] = os.cpu_count,
    affinity: Callable[[int], Collection[int]] | None = _AFFINITY,
) -> CpuLimits:
    """Look up the limits of this process.

    Args:
        root: of the file system that holds `proc` and `sys`.
        machine: returns the number of cores, None where that is unknown.
        affinity: returns the cores of a process, 0 for this one; None where the system has no such call.
    """
    cores = machine() or 1
    return CpuLimits(cores, len(affinity(0)) if affinity else cores, min(_quotas(root), default=None))


def _quotas(root: Path) -> Iterator[float]:
    """Yield the quota of this process' control group and of each group above it, of cgroup v2 and v1."""
    for line in _read(root / "proc/self/cgroup").splitlines():
        hierarchy, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if hierarchy == "0" and not controllers:
            for mount in (root / _CGROUP, root / _CGROUP / "unified"):
                yield from _found(mount, path, _quota_v2)
        elif "cpu" in controllers.split(","):
            for name in {"cpu", controllers}:
                yield from _found(root / _CGROUP / name, path, _quota_v1)


def _found(mount: Path, path: str, quota: Callable[[Path], float | None]) -> Iterator[float]:
    """In a container the group's path may be that of the host, which is not mounted: then its root is the container's own group."""
    inside = PurePosixPath(path.lstrip("/"))
    for group in (inside, *inside.parents):
        if ".." not in group.parts and (cores := quota(mount / group)) is not None:
            yield cores


def _quota_v2(group: Path) -> float | None:
    quota, _, period = _read(group / "cpu.max").partition(" ")
    return _cores(quota, period)


def _quota_v1(group: Path) -> float | None:
    return _cores(_read(group / "cpu.cfs_quota_us"), _read(group / "cpu.cfs_period_us"))


def _cores(quota: str, period: str) -> float | None:
    """Return microseconds of CPU time per period as cores; None for `max`, -1 and what is no number."""
    try:
        granted, within = int(quota), int(period)
    except ValueError:
        return None
    return granted / within if granted > 0 and within > 0 else None


def _read(file: Path) -> str:
    try:
        return file.read_text("ascii").strip()
    except (OSError, ValueError):
        return ""
