"""Arithmetic of `squall bench capacity`, against figures worked out by hand."""

from __future__ import annotations

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from squall.app.bench.capacity import Machines, Prices, Rates, arrivals_of, capacity_for, limits, queue, size_of
from squall.cli.main import app

FLAT = (1,) * 24
DAY = 86_400.0


def test_a_day_comes_in_the_proportion_of_its_hours() -> None:
    assert arrivals_of(1440, FLAT, 1, 0) == pytest.approx(np.ones(1440))
    minutes = arrivals_of(1200, (0,) * 10 + (1, 3) + (0,) * 12, 1, 0)
    assert (minutes[600:660] == 5.0).all()
    assert (minutes[660:720] == 15.0).all()
    assert minutes.sum() == 1200


def test_a_burst_begins_with_the_busiest_hour() -> None:
    minutes = arrivals_of(1440, (1,) * 13 + (2,) + (1,) * 10, 4, 30)
    assert minutes[13 * 60 - 1] * 8 == minutes[13 * 60] == minutes[13 * 60 + 29] == 4 * minutes[13 * 60 + 30]


def test_a_seed_draws_the_same_day_again() -> None:
    first, again, other = (arrivals_of(1e6, FLAT, 1, 0, seed) for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()
    assert abs(first.sum() - 1e6) < 5000


@pytest.mark.parametrize("profile", [(1,) * 23, (0,) * 24, (1,) * 23 + (-1,)], ids=["short", "empty", "negative"])
def test_a_profile_that_is_none_is_refused(profile: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="24 numbers"):
        arrivals_of(1, profile, 1, 0)


def test_a_queue_grows_by_what_is_not_taken_and_drains_by_what_is_left_over() -> None:
    # one a second, four a second for an hour; two a second are taken: 2 * 3600 wait at the end, and they are gone 2 hours later
    minutes = arrivals_of(DAY, FLAT, 1, 0)
    minutes[600:660] *= 4
    found = queue(minutes, 2.0)
    assert found.largest == pytest.approx(7200)
    assert found.longest_seconds == pytest.approx(3600)
    assert found.minutes == 60 + 120 - 1  # in the last minute nothing is left
    assert found.busy == pytest.approx((23 + 4) / 24 / 2)


def test_what_a_day_leaves_is_there_the_next_day() -> None:
    assert queue(np.full(1440, 61.0), 1.0).largest == pytest.approx(2 * 1440)


def test_the_least_capacity_keeps_the_delay() -> None:
    minutes = arrivals_of(DAY, FLAT, 1, 0)
    assert capacity_for(minutes, 60) == pytest.approx(1.0)
    minutes[600:610] *= 10  # 6000 come in ten minutes: with c a second 6000 - 600 c wait, (6000 - 600 c) / c = 300 s
    assert capacity_for(minutes, 300) == pytest.approx(6000 / 900, rel=2e-3)
    assert queue(minutes, capacity_for(minutes, 0)).longest_seconds == pytest.approx(0, abs=1)


def test_the_sizes_are_those_worked_out_by_hand() -> None:
    rates = Rates(
        core_documents=10, gpu_documents=400, process_documents=100, store_microseconds=50_000, document_bytes=1000, message_bytes=500
    )
    machines = Machines(worker_cores=4, server_cores=8, server_bytes=1e11, replicas=2, retention_days=100, kafka_days=10, delay_seconds=60)
    prices = Prices(core_hour=0.1, gpu_hour=2, terabyte_month=30)
    found = size_of(864_000 * 10, rates, machines, prices, profile=FLAT, burst=1, burst_minutes=0)  # 100 a second
    assert found["arrivals"] == {"mean_per_second": 100, "peak_per_second": pytest.approx(100), "needed_per_second": pytest.approx(100)}
    assert found["workers"] == {"cpu": 3, "or_gpus": 1, "processes_beside_gpus": 1}  # 40 a second each
    assert found["partitions"] == {"cpu": 6, "gpu": 4}
    # 8.64e6 * 1000 * 100 bytes are 864 GB on 70 GB a server; 100 * 0.05 s of processor time on half of 8 cores
    assert found["clickhouse"] == {"shards": 13, "shards_by": {"disk": 13, "inserts": 2}, "replicas": 2, "servers": 26}
    assert found["disk_bytes"] == {"clickhouse": pytest.approx(1.728e12), "all": pytest.approx(1.728e12 + 8.64e6 * 500 * 10 * 3)}
    servers, disk = 24 * 0.1 * 26 * 8, found["disk_bytes"]["all"] / 1e12
    assert found["dollars_per_million"]["cpu"] == pytest.approx((servers + disk + 24 * 0.1 * 12) / 8.64)
    assert found["dollars_per_million"]["gpu"] == pytest.approx((servers + disk + 24 * (2 + 0.1)) / 8.64)


def test_what_is_scarcest_breaks_first() -> None:
    found = dict(
        limits(Rates(recount_microseconds=24, document_bytes=1000), Machines(server_cores=2, server_bytes=1e12, retention_days=70), 1e-5)
    )
    assert found["the update of counts, which one server makes"] == pytest.approx(60 / (25 * 1e-6))
    assert found["a server's disk"] == pytest.approx(1e7)
    assert found["a worker's cores"] == pytest.approx(1300e5)
    assert list(found.values()) == sorted(found.values())
    breaks = size_of(1e9)["breaks_first"]
    assert [each["at_documents_per_day"] for each in breaks] == sorted(each["at_documents_per_day"] for each in breaks)
    assert size_of(1e5)["breaks_first"] == []


def test_the_command_prints_what_is_given_and_what_follows() -> None:
    told = CliRunner().invoke(app, ["bench", "capacity", "--documents-per-day", "1e9", "--core-documents", "1300", "--json"])
    assert told.exit_code == 0
    found = json.loads(told.stdout)
    assert found["rates"]["core_documents"] == 1300
    assert found == json.loads(json.dumps(size_of(1e9, Rates(core_documents=1300))))
    shown = CliRunner().invoke(app, ["bench", "capacity", "--documents-per-day", "1e8"])
    assert "one is not enough: a worker's cores" in shown.stdout


def test_what_is_no_number_of_documents_is_refused() -> None:
    with pytest.raises(ValueError, match="not a positive number"):
        size_of(0)
    assert CliRunner().invoke(app, ["bench", "capacity", "--documents-per-day", "inf"]).exit_code != 0
