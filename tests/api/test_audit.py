"""The record over the API: the sealed book, one entry, and what became of a command."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from ledger.ids import new_id
from ledger.reading import head_position
from ledger.records import rfc3339
from ledger.runner import drain
from tests.api.client import Answer, Api, eur
from tests.api.given import Account, a_user, api_of

pytestmark = pytest.mark.django_db

EVENT = {"id", "type", "schemaVersion", "streamId", "streamPosition", "position", "timestamp", "data", "metadata"}


@pytest.fixture
def start(account: Account) -> int:
    """The end of the book before the test's own events."""
    drain()
    return head_position()


@pytest.fixture
def transfer(start: int, teller: Api, account: Account, others: Account) -> Answer:
    """A transfer, not yet sealed."""
    return teller.post("/transfers", {"from": str(account.id), "to": str(others.id), "amount": eur("5")})


def test_events_are_listed_once_they_are_sealed_in_the_order_of_the_book(
    auditor: Api, transfer: Answer, start: int
) -> None:
    assert transfer.body["events"][0]["id"] not in {e["id"] for e in auditor.get(f"/events?after={start}").body["data"]}
    drain()
    events = auditor.get(f"/events?after={start}&limit=200").body["data"]
    assert all(set(event) == EVENT for event in events)
    positions = [event["position"] for event in events]
    assert positions == list(range(start + 1, start + 1 + len(events)))
    ours = [event for event in events if event["metadata"]["commandId"] == transfer.body["command_id"]]
    assert [(e["type"], e["data"]["amount_minor"]) for e in ours] == [("TransferSent", 500), ("TransferReceived", 500)]


def test_the_book_is_followed_by_position_and_by_cursor(auditor: Api, transfer: Answer, start: int) -> None:
    drain()
    first = auditor.get(f"/events?after={start}&limit=1").body
    assert first["has_more"] is True
    by_position = auditor.get(f"/events?after={first['data'][-1]['position']}").body
    by_cursor = auditor.get("/events", {"cursor": first["next_cursor"]}).body
    assert by_position == by_cursor
    last = auditor.get(f"/events?after={by_cursor['data'][-1]['position']}").body
    end = by_cursor["data"][-1]["position"]
    assert last == {"data": [], "has_more": False, "next_cursor": None, "next_after": end}
    both = auditor.get("/events", {"cursor": first["next_cursor"], "after": start})
    assert (both.status, both.code) == (400, "conflicting_parameters")


def test_events_are_filtered(auditor: Api, teller: Api, transfer: Answer, start: int, account: Account) -> None:
    teller.post(f"{account.path}/freeze")
    drain()
    sent = transfer.body["events"][0]

    def types(**query: str) -> list[str]:
        return [event["type"] for event in auditor.get("/events", {"after": start, **query}).body["data"]]

    assert types(stream=str(account.id)) == ["TransferSent", "AccountFrozen"]
    assert types(stream=str(account.id).upper()) == ["TransferSent", "AccountFrozen"]
    assert types(type="TransferReceived") == ["TransferReceived"]
    assert types(type="NoSuchType") == []
    assert types(actor=sent["metadata"]["actor"])[-3:] == ["TransferSent", "TransferReceived", "AccountFrozen"]
    assert types(actor="user:0") == []
    assert types(correlation_id=sent["metadata"]["correlationId"]) == ["TransferSent", "TransferReceived"]
    assert types(correlation_id=str(new_id())) == []
    assert types(stream=str(account.id), type="AccountFrozen") == ["AccountFrozen"]


def test_events_are_filtered_by_the_time_of_recording(auditor: Api, transfer: Answer, start: int) -> None:
    drain()
    moment = transfer.body["events"][0]["timestamp"]
    behind = rfc3339(datetime.fromisoformat(moment) + timedelta(microseconds=1))

    def count(**query: str) -> int:
        query["correlation_id"] = transfer.body["events"][0]["metadata"]["correlationId"]
        return len(auditor.get("/events", query).body["data"])

    assert (count(**{"from": moment}), count(**{"from": behind})) == (2, 0)
    assert (count(to=moment), count(to=behind)) == (0, 2)


def test_one_event_has_its_link_of_the_chain(auditor: Api, transfer: Answer, start: int) -> None:
    drain()
    first, second = (auditor.get(f"/events/{start + step}").body for step in (1, 2))
    assert set(first) == EVENT | {"hash", "previous_hash", "sealed_at"}
    assert second["previous_hash"] == first["hash"] != second["hash"]
    assert len(first["hash"]) == 64
    listed = auditor.get(f"/events?after={start}&limit=1").body["data"][0]
    assert listed == {name: first[name] for name in EVENT}


def test_behind_the_end_of_the_book_is_nothing(auditor: Api, start: int) -> None:
    assert auditor.get(f"/events/{start + 1}").code == "event_not_found"


def test_a_command_tells_what_became_of_it_and_how_far_it_is(teller: Api, transfer: Answer) -> None:
    path = f"/commands/{transfer.body['command_id']}"
    fresh = teller.get(path).body
    assert (fresh["type"], fresh["outcome"], fresh["refusal"]) == ("Transfer", "accepted", None)
    assert (fresh["sealed"], fresh["projected"]) == (False, False)
    assert fresh["events"] == transfer.body["events"]
    drain()
    settled = teller.get(path).body
    assert (settled["sealed"], settled["projected"]) == (True, True)
    positions = [event["position"] for event in settled["events"]]
    assert positions[1] == positions[0] + 1
    assert settled["consistency_token"] == transfer.body["consistency_token"]
    assert (settled["actor"], settled["channel"]) == (settled["events"][0]["metadata"]["actor"], "api")


def test_a_refused_command_tells_why(teller: Api, account: Account) -> None:
    refused = teller.post(f"{account.path}/withdrawals", {"amount": eur("600")})
    body = teller.get(f"/commands/{refused.body['command_id']}").body
    assert (body["outcome"], body["events"], body["consistency_token"]) == ("refused", [], None)
    assert body["refusal"] == {"code": "insufficient_funds", "status": 422, "detail": refused.body["detail"]}
    assert (body["sealed"], body["projected"]) == (True, True)


def test_commands_are_seen_by_who_sent_them_and_by_auditors(
    transfer: Answer, teller: Api, auditor: Api, ada: Api
) -> None:
    path = f"/commands/{transfer.body['command_id']}"
    assert teller.get(path).status == 200
    assert auditor.get(path).status == 200
    assert api_of(a_user("admin")).get(path).status == 200
    for stranger in (
        ada,
        api_of(a_user("teller")),
        api_of(a_user("operations")),
        api_of(a_user("auditor"), "accounts:read"),
    ):
        assert stranger.get(path).code == "command_not_found"


@pytest.mark.parametrize("command_id", [str(new_id()), "x", "%00", str(UUID(int=0))])
def test_a_command_that_never_was_is_404(auditor: Api, command_id: str) -> None:
    assert auditor.get(f"/commands/{command_id}").code == "command_not_found"
