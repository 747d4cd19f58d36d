"""One detector at a time, whatever the interleaving."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from squall import storage
from squall.alerts.lease import Lease
from squall.core.clock import ManualClock
from squall.core.errors import StoreUnavailableError
from tests.integration.storage.samples import NOW as TODAY
from tests.support.alert_mail import NOW
from tests.support.gateway_process import GatewayProcess
from tests.support.stepping import ClaimStore, Stepper

SECONDS, SKEW = 60.0, 5.0


def lease(store, owner, clock, name="detector"):
    return Lease(store, name, owner, SECONDS, clock, SKEW)


def test_the_first_holds_until_it_lets_go():
    store, clock = ClaimStore(), ManualClock(NOW)
    ann, bob = lease(store, "ann", clock), lease(store, "bob", clock)
    assert ann.hold()
    assert not bob.hold()
    for _ in range(5):
        clock.advance(50)
        assert ann.hold()
        assert not bob.hold()
    ann.release()
    assert bob.hold()
    assert not ann.hold()


def test_a_standby_takes_over_when_the_claim_of_a_dead_holder_is_over_and_not_before():
    store, clock = ClaimStore(), ManualClock(NOW)
    assert lease(store, "ann", clock).hold()
    bob = lease(store, "bob", clock)
    clock.advance(SECONDS + SKEW - 1)
    assert not bob.hold()
    clock.advance(1)
    assert bob.hold()


def test_an_owner_that_comes_back_under_its_name_does_not_wait_for_itself():
    store, clock = ClaimStore(), ManualClock(NOW)
    assert lease(store, "node", clock).hold()
    assert lease(store, "node", clock).hold()


def test_a_holder_that_slept_too_long_asks_like_any_other():
    store, clock = ClaimStore(), ManualClock(NOW)
    ann, bob = lease(store, "ann", clock), lease(store, "bob", clock)
    assert ann.hold()
    clock.advance(SECONDS + SKEW)
    assert not ann.held
    assert bob.hold()
    assert not ann.hold()


def test_leases_of_different_names_do_not_meet():
    store, clock = ClaimStore(), ManualClock(NOW)
    assert lease(store, "ann", clock).hold()
    assert lease(store, "bob", clock, name="other").hold()


def test_a_wall_clock_set_back_does_not_lengthen_what_is_held():
    class Wall(ManualClock):
        back = timedelta(0)

        def now(self):
            return super().now() - self.back

    clock = Wall(NOW)
    ann = lease(ClaimStore(), "ann", clock)
    assert ann.hold()
    clock.back = timedelta(hours=1)
    clock.advance(SECONDS)
    assert not ann.held


def test_a_store_that_does_not_answer_takes_nothing_from_the_holder():
    class Gone(ClaimStore):
        gone = False

        def write(self, claim):
            if self.gone:
                raise StoreUnavailableError("connection refused")
            super().write(claim)

    store, clock = Gone(), ManualClock(NOW)
    ann = lease(store, "ann", clock)
    assert ann.hold()
    store.gone = True
    clock.advance(SECONDS / 2)
    with pytest.raises(StoreUnavailableError):
        ann.hold()
    assert ann.held
    clock.advance(SECONDS / 2)
    assert not ann.held


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_no_interleaving_lets_two_hold_at_once(data):
    count = data.draw(st.integers(2, 3), label="processes")
    skews = data.draw(st.lists(st.floats(0, SKEW - 0.1), min_size=count, max_size=count), label="clocks ahead by")
    store = ClaimStore()
    clocks = [ManualClock(NOW + timedelta(seconds=skew)) for skew in skews]
    steppers = [Stepper(store) for _ in range(count)]
    leases = [lease(stepper, f"p{number}", clock) for number, (stepper, clock) in enumerate(zip(steppers, clocks, strict=True))]
    for stepper, held in zip(steppers, leases, strict=True):
        stepper.start(lambda held=held: [held.hold() for _ in range(8)])
    steps = st.lists(st.tuples(st.integers(0, count - 1), st.sampled_from([0, 0, 0, 0, 1, 20, 59, 64])), max_size=60)
    for number, pause in data.draw(steps, label="steps"):
        steppers[number].step()
        assert sum(held.held for held in leases) <= 1
        for clock in clocks:
            clock.advance(pause)
        assert sum(held.held for held in leases) <= 1
    for stepper in steppers:
        stepper.kill()


@given(st.permutations(["p0", "p1", "p2"]))
def test_of_several_that_claimed_at_the_same_time_the_smallest_name_holds_at_the_next_try(names):
    store, clock = ClaimStore(), ManualClock(NOW)
    steppers = {name: Stepper(store) for name in names}
    leases = {name: lease(stepper, name, clock) for name, stepper in steppers.items()}
    for name, stepper in steppers.items():
        stepper.start(leases[name].hold)
    while not all(stepper.done for stepper in steppers.values()):
        for stepper in steppers.values():
            stepper.step()
    assert not any(held.held for held in leases.values())
    again = {name: lease(store, name, clock) for name in names}
    assert [name for name in sorted(names) if again[name].hold()] == ["p0"]


def test_detectors_that_race_over_one_server_never_both_hold(tmp_path):
    gateway = GatewayProcess(tmp_path)
    stores = [storage.open(gateway.url) for _ in range(2)]
    try:
        stores[0].schema.migrate()
        clock = ManualClock(TODAY)  # claims of long ago are dropped by the store
        with ThreadPoolExecutor(4) as pool:
            for number in range(4):
                start = threading.Barrier(4)
                racers = [lease(stores[owner % 2].leases, f"p{owner}", clock, name=f"race {number}") for owner in range(4)]

                def race(racer, start=start):
                    start.wait(30)
                    return racer.hold()

                winners = sum(pool.map(race, racers))
                assert winners <= 1
                for _ in range(3):
                    winners = max(winners, sum(racer.hold() for racer in racers))
                assert winners == sum(racer.held for racer in racers) == 1
    finally:
        for store in stores:
            store.close()
        gateway.kill()
