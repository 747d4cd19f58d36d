"""The state that is stored with the detector's position."""

import orjson
import pytest

from squall.alerts.dispatcher import pack, unpack
from squall.alerts.notification.notification_log import NotificationLog
from tests.support.alert_mail import NOW, alert


@pytest.mark.parametrize(("lifecycle", "policy"), [("", ""), ('[{"topic": "A"}]', '{"groups": []}')])
def test_the_states_of_lifecycle_and_policy_come_back_apart(lifecycle, policy):
    assert unpack(pack(lifecycle, policy)) == (lifecycle, policy)


def test_a_state_from_before_there_were_groups_belongs_to_the_lifecycle():
    assert unpack('[{"topic":"A"}]') == ('[{"topic":"A"}]', "")
    assert unpack("") == ("", "")


def test_a_log_that_an_earlier_version_wrote_is_read_and_written_alike():
    at = {"event": NOW.isoformat(), "wall": NOW.isoformat()}
    entries = [{"alert": alert().model_dump_json(), "told": "warning", "held": False}]
    group = {"key": "k", "receiver": "default", "number": 3, "changed": None, "sent": at, "entries": entries}
    stored = {"groups": [group], "sent": {"default": [at]}}
    log = NotificationLog.load(orjson.dumps(stored).decode())
    [grouped] = log.groups["k"].alerts.values()
    assert (grouped.notified, grouped.is_new, log.groups["k"].sent.event) == ("warning", False, NOW)
    assert orjson.loads(log.dump()) == stored
