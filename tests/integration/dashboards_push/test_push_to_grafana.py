from __future__ import annotations

import copy
from typing import Any

import pytest

from squall.core.errors import SquallError
from squall.dashboards.grafana.push import Change, Folder, Options, Target, push
from squall.dashboards.grafana.push.errors import ConflictError
from tests.support.grafana_fake import EDITOR, Answer, Grafana, serving

pytestmark = pytest.mark.slow

Boards = list[dict[str, Any]]
SQUALL = Folder()


def target(grafana: Grafana, token: str = EDITOR, **more: Any) -> Target:
    return Target.parse(grafana.url, token, **more)


def actions(changes: list[Change]) -> dict[str, str]:
    return {change.uid: change.action for change in changes}


def test_a_first_push_makes_the_folder_and_puts_every_dashboard_into_it(grafana: Grafana, boards: Boards) -> None:
    done = push(target(grafana), boards, SQUALL)
    assert actions(done) == {"squall": "create", "squall-mood": "create", "squall-alerts": "create"}
    assert grafana.folders["squall"]["title"] == "Squall"
    assert {uid: grafana.folder_of(uid) for uid in grafana.dashboards} == {"squall-mood": "squall", "squall-alerts": "squall"}
    assert grafana.current("squall-mood")["panels"] == boards[0]["panels"]


def test_a_second_push_changes_nothing(grafana: Grafana, boards: Boards) -> None:
    push(target(grafana), boards, SQUALL)
    writes = grafana.writes
    assert set(actions(push(target(grafana), boards, SQUALL)).values()) == {"unchanged"}
    assert grafana.writes == writes


def test_only_the_dashboard_that_changed_is_saved(grafana: Grafana, boards: Boards) -> None:
    push(target(grafana), boards, SQUALL)
    boards[0]["panels"][0]["title"] = "Net sentiment"
    assert actions(push(target(grafana), boards, SQUALL)) == {"squall": "unchanged", "squall-mood": "update", "squall-alerts": "unchanged"}
    assert [len(history) for history in grafana.dashboards.values()] == [2, 1]


def test_what_is_pushed_is_not_changed_by_it(grafana: Grafana, boards: Boards) -> None:
    before = copy.deepcopy(boards)
    push(target(grafana), boards, SQUALL)
    push(target(grafana), boards, SQUALL)
    assert boards == before


def test_a_renamed_folder_is_found_by_its_uid_and_keeps_its_name(grafana: Grafana, boards: Boards) -> None:
    grafana.folders["squall"] = {"uid": "squall", "title": "Sentiment"}
    push(target(grafana), boards, SQUALL)
    assert [folder["title"] for folder in grafana.folders.values()] == ["Sentiment"]


def test_a_dry_run_shows_what_would_change_and_changes_nothing(grafana: Grafana, boards: Boards) -> None:
    would = push(target(grafana), boards, SQUALL, dry_run=True)
    assert actions(would) == {"squall": "create", "squall-mood": "create", "squall-alerts": "create"}
    assert grafana.writes == 0
    push(target(grafana), boards, SQUALL)
    writes = grafana.writes
    boards[1]["title"] = "All alerts"
    diff = push(target(grafana), boards, SQUALL, dry_run=True)[-1].diff
    assert '-  "title": "Alerts"' in diff
    assert '+  "title": "All alerts"' in diff
    assert grafana.writes == writes


def test_a_dashboard_in_another_folder_is_moved_only_on_request(grafana: Grafana, boards: Boards) -> None:
    push(target(grafana), boards, Folder("risk", "Risk desk"))
    writes = grafana.writes
    with pytest.raises(ConflictError, match="is in the folder 'Risk desk'") as caught:
        push(target(grafana), boards, SQUALL)
    assert "--move" in caught.value.hint
    assert grafana.writes == writes
    assert actions(push(target(grafana), boards, SQUALL, options=Options(move=True)))["squall-mood"] == "move"
    assert {grafana.folder_of(uid) for uid in grafana.dashboards} == {"squall"}


def test_an_edit_made_in_grafana_is_overwritten_only_on_request(grafana: Grafana, boards: Boards) -> None:
    push(target(grafana), boards, SQUALL)
    grafana.edit("squall-mood", by="anna", title="Anna's mood")
    writes = grafana.writes
    with pytest.raises(ConflictError, match=r"squall-mood.*edited in Grafana.*by anna") as caught:
        push(target(grafana), boards, SQUALL)
    assert "--overwrite" in caught.value.hint
    assert grafana.writes == writes
    assert grafana.current("squall-mood")["title"] == "Anna's mood"
    push(target(grafana), boards, SQUALL, options=Options(overwrite=True))
    assert grafana.current("squall-mood")["title"] == "Market mood"
    assert set(actions(push(target(grafana), boards, SQUALL)).values()) == {"unchanged"}


def test_an_edit_that_was_taken_back_is_no_conflict(grafana: Grafana, boards: Boards) -> None:
    push(target(grafana), boards, SQUALL)
    grafana.edit("squall-mood", title="Something")
    grafana.edit("squall-mood", title="Market mood")
    assert set(actions(push(target(grafana), boards, SQUALL)).values()) == {"unchanged"}


@pytest.mark.parametrize("answer", [Answer(404, {"message": "not found"}), Answer(200, {"versions": []}), Answer(200, [])])
def test_without_a_history_nothing_is_overwritten_on_a_guess(grafana: Grafana, boards: Boards, answer: Answer) -> None:
    push(target(grafana), boards, SQUALL)
    grafana.intercept = lambda _method, path: answer if path.endswith("/versions") else None
    boards[0]["tags"] = []
    with pytest.raises(ConflictError, match="no history"):
        push(target(grafana), boards, SQUALL)
    push(target(grafana), boards, SQUALL, options=Options(overwrite=True))
    assert grafana.current("squall-mood")["tags"] == []


def test_all_conflicts_are_named_at_once(grafana: Grafana, boards: Boards) -> None:
    push(target(grafana), boards, SQUALL)
    for uid in ("squall-mood", "squall-alerts"):
        grafana.edit(uid, title="edited")
    with pytest.raises(ConflictError, match=r"squall-mood.*squall-alerts"):
        push(target(grafana), boards, SQUALL)


def test_a_save_during_the_push_is_a_conflict_and_is_not_overwritten(grafana: Grafana, boards: Boards) -> None:
    push(target(grafana), boards, SQUALL)
    boards[0]["tags"] = ["squall", "new"]

    def edit_first(method: str, path: str) -> None:
        if (method, path) == ("POST", "/api/dashboards/db"):
            grafana.edit("squall-mood", title="Anna's mood")

    grafana.intercept = edit_first  # type: ignore[assignment]
    with pytest.raises(ConflictError, match=r"412.*changed by someone else.*nothing was saved before") as caught:
        push(target(grafana), boards, SQUALL)
    assert "--overwrite" in caught.value.hint
    assert grafana.current("squall-mood")["title"] == "Anna's mood"


def test_a_provisioned_dashboard_is_left_to_its_files(grafana: Grafana, boards: Boards) -> None:
    push(target(grafana), boards, SQUALL)
    grafana.provisioned.add("squall-mood")
    assert set(actions(push(target(grafana), boards, SQUALL)).values()) == {"unchanged"}
    boards[0]["title"] = "Mood"
    with pytest.raises(ConflictError, match="provisioned from files"):
        push(target(grafana), boards, SQUALL, options=Options(overwrite=True))


def test_a_folder_title_that_is_taken_is_a_clear_conflict(grafana: Grafana, boards: Boards) -> None:
    grafana.folders["other"] = {"uid": "other", "title": "Squall"}
    with pytest.raises(ConflictError, match=r"create the folder 'Squall'.*409") as caught:
        push(target(grafana), boards, SQUALL)
    assert "--folder-title" in caught.value.hint
    assert grafana.writes == 0


def test_a_folder_that_is_created_meanwhile_is_used(grafana: Grafana, boards: Boards) -> None:
    def made_first(method: str, path: str) -> None:
        if (method, path) == ("POST", "/api/folders"):
            grafana.folders["squall"] = {"uid": "squall", "title": "Squall"}

    grafana.intercept = made_first  # type: ignore[assignment]
    push(target(grafana), boards, SQUALL)
    assert grafana.folder_of("squall-alerts") == "squall"


def test_a_push_that_broke_off_says_how_far_it_came_and_goes_on_from_there(grafana: Grafana, boards: Boards) -> None:
    posts = iter([None, Answer(502, "<html>bad gateway</html>", "text/html")])
    grafana.intercept = lambda _method, path: next(posts, None) if path == "/api/dashboards/db" else None
    with pytest.raises(SquallError, match=r"502.*saved before that: folder squall, squall-mood"):
        push(target(grafana), boards, SQUALL)
    assert actions(push(target(grafana), boards, SQUALL)) == {"squall": "unchanged", "squall-mood": "unchanged", "squall-alerts": "create"}


def test_grafana_under_a_sub_path_is_reached(boards: Boards) -> None:
    with serving(Grafana(sub_path="/team/grafana")) as grafana:
        push(target(grafana), boards, SQUALL)
        assert set(grafana.dashboards) == {"squall-mood", "squall-alerts"}


def test_numeric_ids_are_never_used(grafana: Grafana, boards: Boards) -> None:
    push(target(grafana), [{**boards[0], "id": 17}], SQUALL)
    push(target(grafana), [{**boards[0], "id": 17, "tags": []}], SQUALL)
    assert not [path for _, path, _ in grafana.requests if any(piece.isdigit() or piece == "id" for piece in path.split("/"))]
    assert len(grafana.dashboards["squall-mood"]) == 2
