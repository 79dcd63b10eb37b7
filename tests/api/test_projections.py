"""Projections over the API: how each fares, and pausing, resuming and rebuilding, each once."""

from dataclasses import replace
from typing import Any

import pytest
from django.db import connection

from bank import tasks
from ledger import checkpoints
from ledger import projections as registry
from ledger.connections import transaction
from ledger.ids import new_id
from ledger.projections import async_projection, projections
from ledger.rebuilding import _alone
from ledger.runner import drain
from tests.api.client import Answer, Api, eur
from tests.api.given import Account, a_user, api_of

pytestmark = pytest.mark.django_db(transaction=True)

FLOWS = "/projections/daily_flows"


@pytest.fixture
def operations() -> Api:
    return api_of(a_user("operations"))


def flows(api: Api) -> dict[str, Any]:
    body: dict[str, Any] = api.get(FLOWS).body
    return body


def steer(api: Api, act: str, key: str = "", name: str = "daily_flows") -> Answer:
    return api.post(f"/projections/{name}/{act}", key=key)


def generation() -> int:
    with connection.cursor() as cursor:
        cursor.execute("select coalesce(max(generation), 1) from ledger_generation where projection = 'daily_flows'")
        return int(cursor.fetchone()[0])


def test_every_projection_is_listed_by_name(operations: Api, account: Account) -> None:
    drain()
    listed = operations.get("/projections").body["data"]
    assert [one["name"] for one in listed] == sorted(projection.name for projection in projections())
    assert {(one["status"], one["lag_events"], one["error"], one["progress"]) for one in listed} == {
        ("running", 0, None, None)
    }
    assert {one["position"] for one in listed} == {one["head"] for one in listed} != {0}
    for one in listed:
        assert operations.get(f"/projections/{one['name']}").body == one


def test_the_list_has_pages(operations: Api) -> None:
    first = operations.get("/projections?limit=2").body
    second = operations.get("/projections", {"limit": 200, "cursor": first["next_cursor"]}).body
    names = [one["name"] for body in (first, second) for one in body["data"]]
    assert names == sorted(projection.name for projection in projections())
    assert (first["has_more"], second["has_more"]) == (True, False)


def test_a_projection_that_was_paused_falls_behind_and_catches_up_when_resumed(
    operations: Api, teller: Api, account: Account
) -> None:
    drain()
    paused = steer(operations, "pause")
    assert (paused.status, paused.body["status"]) == (200, "paused")
    teller.post(f"{account.path}/deposits", {"amount": eur("1")})
    drain()
    state = flows(operations)
    assert (state["status"], state["lag_events"], state["head"] - state["position"]) == ("paused", 1, 1)
    resumed = steer(operations, "resume")
    assert (resumed.status, resumed.body["status"]) == (200, "running")
    drain()
    assert flows(operations)["lag_events"] == 0


def test_what_is_so_already_is_done_without_a_change(operations: Api) -> None:
    for act, status in (("pause", "paused"), ("pause", "paused"), ("resume", "running"), ("resume", "running")):
        answer = steer(operations, act)
        assert (answer.status, answer.body["status"]) == (200, status)


def test_a_lever_is_pulled_once_a_key(operations: Api, auditor: Api) -> None:
    first = steer(operations, "pause", "k")
    steer(operations, "resume")
    again = steer(operations, "pause", "k")
    assert (again.status, again.body, again.header("Idempotency-Replayed")) == (first.status, first.body, "true")
    assert first.body["consistency_token"] is None
    assert flows(operations)["status"] == "running"
    assert steer(operations, "resume", "k").code == "idempotency_key_reused"
    assert steer(operations, "pause", "k", "movements").code == "idempotency_key_reused"
    assert operations.post(f"{FLOWS}/pause", key=None).code == "idempotency_key_missing"
    assert operations.post(f"{FLOWS}/pause", {"x": 1}).code == "unknown_field"


def test_the_command_log_has_who_pulled_which_lever(operations: Api, auditor: Api) -> None:
    request_id = str(new_id())
    sent = operations.post(f"{FLOWS}/pause", X_Request_ID=request_id)
    logged = auditor.get(f"/commands/{sent.body['command_id']}").body
    assert (logged["type"], logged["outcome"], logged["channel"]) == ("PauseProjection", "accepted", "api")
    assert (logged["correlation_id"], logged["events"], logged["projected"]) == (request_id, [], True)


@pytest.mark.parametrize(
    ("name", "act", "code"),
    [
        ("balances", "pause", "projection_not_async"),
        ("history", "resume", "projection_not_async"),
        ("history", "rebuild", "projection_is_live"),
    ],
)
def test_what_a_projection_cannot_is_refused_and_recorded(operations: Api, name: str, act: str, code: str) -> None:
    first, again = (steer(operations, act, "k", name) for _ in range(2))
    assert (first.status, first.code, first.header("Idempotency-Replayed")) == (422, code, None)
    assert (again.body, again.header("Idempotency-Replayed")) == (first.body, "true")
    assert operations.get(f"/projections/{name}").body["status"] == "running"


@pytest.mark.parametrize("name", ["nothing", "%00", "Daily_flows", "daily_flows%20"])
def test_a_projection_that_is_none_is_404(operations: Api, name: str) -> None:
    assert operations.get(f"/projections/{name}").code == "projection_not_found"
    assert operations.post(f"/projections/{name}/pause").code == "projection_not_found"


@pytest.mark.parametrize("name", ["daily_flows", "balances"])
def test_a_rebuild_is_done_by_a_worker(operations: Api, account: Account, name: str) -> None:
    drain()
    asked = steer(operations, "rebuild", name=name)
    assert (asked.status, asked.body["progress"], asked.body["rebuild"]["error"]) == (202, 0.0, None)
    assert operations.get(f"/projections/{name}").body["progress"] == 0.0
    tasks.rebuild()
    done = operations.get(f"/projections/{name}").body
    assert (done["progress"], done["rebuild"], done["lag_events"]) == (None, None, 0)
    assert operations.get(account.path).status == 403
    assert api_of(a_user("teller")).get(account.path).body["balance"] == eur("500.00")


def test_a_rebuild_asked_for_twice_is_one(operations: Api, account: Account) -> None:
    drain()
    before = generation()
    asked = [steer(operations, "rebuild").body["rebuild"]["requested_at"] for _ in range(2)]
    tasks.rebuild()
    tasks.rebuild()
    assert asked[0] == asked[1]
    assert generation() == before + 1
    replayed = steer(operations, "rebuild", "k"), steer(operations, "rebuild", "k")
    tasks.rebuild()
    assert replayed[0].body == replayed[1].body
    assert generation() == before + 2


def test_a_rebuild_that_somebody_is_at_is_left_to_them_and_its_progress_is_shown(
    operations: Api, account: Account
) -> None:
    drain()
    steer(operations, "rebuild")
    with _alone("daily_flows"):
        tasks.rebuild()
        with transaction() as cur:
            cur.execute(
                "insert into ledger_checkpoint (projection, rebuilding, position) values ('daily_flows', true, 1)"
            )
        state = flows(operations)
        assert state["rebuild"]["position"] == 1
        assert state["progress"] == 1 / state["rebuild"]["head"]
        with transaction() as cur:
            cur.execute("delete from ledger_checkpoint where rebuilding")
    tasks.rebuild()
    assert flows(operations)["progress"] is None


def test_a_rebuild_that_fails_says_why_and_can_be_asked_for_again(
    operations: Api, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    drain()
    steer(operations, "rebuild")

    def breaks(*_: object) -> None:
        raise RuntimeError("a bug of the new code")

    with monkeypatch.context() as patch:
        patch.setitem(registry._registry, "daily_flows", replace(async_projection("daily_flows"), apply=breaks))
        tasks.rebuild()
    assert "a bug of the new code" in flows(operations)["rebuild"]["error"]
    tasks.rebuild()
    assert flows(operations)["rebuild"]["error"] is not None
    assert steer(operations, "rebuild").body["rebuild"]["error"] is None
    tasks.rebuild()
    assert flows(operations)["rebuild"] is None


def test_an_error_is_shown_with_its_event(operations: Api, account: Account) -> None:
    drain()
    projection = async_projection("daily_flows")
    with transaction() as cur:
        checkpoint = checkpoints.of_shards(cur, projection)[0]
        for _ in range(checkpoints.MAX_FAILURES):
            checkpoint = checkpoints.of_shards(cur, projection)[0]
            checkpoints.stumble(cur, checkpoint, 1, 0, RuntimeError("odd"), pause=True)
    state = flows(operations)
    assert (state["status"], state["error"]["position"], "odd" in state["error"]["detail"]) == ("paused", 2, True)
    checkpoints.resume(projection)
    assert flows(operations)["status"] == "failing"
    drain()
    assert (flows(operations)["status"], flows(operations)["error"]) == ("running", None)
