import pytest

from squall.alerts.dispatcher import pack, unpack


@pytest.mark.parametrize(("life", "notifier"), [("", ""), ('[{"topic": "A"}]', '{"groups": []}')])
def test_the_states_of_life_and_notifier_come_back_apart(life, notifier):
    assert unpack(pack(life, notifier)) == (life, notifier)


def test_a_state_from_before_there_were_groups_is_all_life():
    assert unpack('[{"topic":"A"}]') == ('[{"topic":"A"}]', "")
    assert unpack("") == ("", "")
