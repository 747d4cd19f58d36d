"""The state that is stored with the detector's position."""

import orjson
import pytest

from squall.alerts.dispatcher import DetectorState, pack, unpack
from squall.alerts.notification.notification_log import NotificationLog
from tests.support.alert_mail import NOW, alert


@pytest.mark.parametrize("state", [DetectorState(), DetectorState('[{"topic": "A"}]', '{"groups": []}', '{"open": []}')])
def test_the_states_of_lifecycle_policy_and_names_come_back_apart(state):
    assert unpack(pack(state)) == state


def test_a_state_from_before_there_were_groups_belongs_to_the_lifecycle():
    assert unpack('[{"topic":"A"}]') == DetectorState('[{"topic":"A"}]')
    assert unpack("") == DetectorState()


def test_a_state_from_before_there_were_names_has_none():
    assert unpack('{"life":"[]","notifier":"{}"}') == DetectorState("[]", "{}")


def test_a_log_that_an_earlier_version_wrote_is_read_and_written_alike():
    at = {"event": NOW.isoformat(), "wall": NOW.isoformat()}
    entries = [{"alert": alert().model_dump_json(), "told": "warning", "held": False}]
    group = {"key": "k", "receiver": "default", "number": 3, "changed": None, "sent": at, "entries": entries}
    stored = {"groups": [group], "sent": {"default": [at]}}
    log = NotificationLog.load(orjson.dumps(stored).decode())
    [grouped] = log.groups["k"].alerts.values()
    assert (grouped.notified, grouped.is_new, log.groups["k"].sent.event) == ("warning", False, NOW)
    assert orjson.loads(log.dump()) == stored
