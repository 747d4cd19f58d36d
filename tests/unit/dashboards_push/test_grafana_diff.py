from __future__ import annotations

from squall.dashboards.grafana.push.diff import difference, normalised

BUILT_IN = {"builtIn": 1, "name": "Annotations & Alerts", "datasource": {"uid": "-- Grafana --"}}


def test_what_grafana_adds_itself_makes_no_difference() -> None:
    ours = {"uid": "a", "title": "A", "panels": [{"id": 1, "height": 8.0}], "annotations": {"list": []}, "description": None}
    theirs = {
        "id": 17,
        "version": 4,
        "uid": "a",
        "title": "A",
        "panels": [{"height": 8, "id": 1, "links": None}],
        "annotations": {"list": [BUILT_IN]},
    }
    assert normalised(ours) == normalised(theirs)
    assert difference(normalised(theirs), normalised(ours), name="A") == ""


def test_panel_ids_are_part_of_the_dashboard() -> None:
    assert normalised({"panels": [{"id": 1}]}) != normalised({"panels": [{"id": 2}]})


def test_our_own_annotations_are_compared() -> None:
    alerts = {"name": "Alerts", "target": {"rawSql": "SELECT 1"}}
    assert normalised({"annotations": {"list": [BUILT_IN, alerts]}}) == {"annotations": {"list": [alerts]}}


def test_a_diff_has_a_stable_order_and_shows_only_what_changed() -> None:
    before = {"b": 1, "a": {"y": [1, 2], "x": "é"}}
    after = {"a": {"x": "é", "y": [1, 3]}, "b": 1}
    lines = difference(before, after, name="Market mood").splitlines()
    assert lines[:2] == ["--- Grafana: Market mood", "+++ Squall: Market mood"]
    assert [line for line in lines[2:] if line[0] in "+-"] == ["-      2", "+      3"]
    assert difference(before, after, name="Market mood") == difference(dict(reversed(before.items())), after, name="Market mood")


def test_what_is_new_is_shown_whole() -> None:
    added = [line for line in difference(None, {"a": 1}, name="A").splitlines()[2:] if line.startswith("+")]
    assert added == ["+{", '+  "a": 1', "+}"]
