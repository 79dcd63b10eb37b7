"""Events that the code cannot read (any more): told as they are stored, marked, and in nobody's way."""

import pytest

from ledger.reading import head_position
from ledger.runner import drain
from tests.acting import as_owner
from tests.api.client import Answer, Api, eur
from tests.api.given import Account
from tests.ledger.owner import tamper
from tests.readmodels.strange_events import strange

pytestmark = pytest.mark.django_db(transaction=True)

RAW = {"about": "flying"}


@pytest.fixture
def position(account: Account, teller: Api) -> int:
    """Of an event of a type that nobody knows, before one that everybody knows."""
    drain()
    strange(account.id, "account", data=RAW)
    drain()
    return head_position()


def marks(events: list[dict[str, object]]) -> list[tuple[object, object, bool]]:
    return [(event["type"], event["data"], "DreamDreamt" in str(event.get("unreadable", ""))) for event in events]


def test_the_feed_goes_on_past_it(auditor: Api, position: int) -> None:
    answer = auditor.get("/events", {"after": position - 1})
    assert answer.status == 200
    assert marks(answer.body["data"]) == [("DreamDreamt", RAW, True)]
    assert answer.body["next_after"] == position


def test_its_own_address_shows_it_with_its_link_of_the_chain(auditor: Api, position: int) -> None:
    answer = auditor.get(f"/events/{position}")
    assert answer.status == 200
    assert marks([answer.body]) == [("DreamDreamt", RAW, True)]
    assert len(answer.body["hash"]) == 64


def test_its_stream_is_listed_whole(auditor: Api, account: Account, position: int) -> None:
    answer = auditor.get(f"/streams/{account.id}/events")
    assert answer.status == 200
    assert [event["type"] for event in answer.body["data"]] == ["AccountOpened", "DepositMade", "DreamDreamt"]
    assert ["unreadable" in event for event in answer.body["data"]] == [False, False, True]
    assert auditor.get(f"/streams/{account.id}").body["state"] is None


@pytest.fixture(params=["type = 'DreamDreamt'", """data = '{"about": "flying"}'"""], ids=["its type", "its data"])
def spoiled(request: pytest.FixtureRequest, account: Account, teller: Api) -> Answer:
    """The receipt of a deposit whose event cannot be read any more: its type is forgotten, or its data are not its."""
    receipt = teller.post(f"{account.path}/deposits", {"amount": eur("1")}, key="spoiled")
    drain()
    with as_owner():
        tamper(f"update ledger_event set {request.param} where id = %s", receipt.body["events"][0]["id"])
    return receipt


def test_its_command_tells_what_came_of_it_with_the_event_marked(teller: Api, auditor: Api, spoiled: Answer) -> None:
    for reader in (teller, auditor):
        answer = reader.get(f"/commands/{spoiled.body['command_id']}")
        assert (answer.status, answer.body["outcome"], answer.body["sealed"]) == (200, "accepted", True)
        (event,) = answer.body["events"]
        assert event["id"] == spoiled.body["events"][0]["id"]
        assert event["unreadable"]


def test_a_command_that_comes_again_does_nothing_and_is_told_later_what_came_of_it(
    teller: Api, account: Account, spoiled: Answer
) -> None:
    again = teller.post(f"{account.path}/deposits", {"amount": eur("1")}, key="spoiled")
    assert (again.status, again.code, again.header("Retry-After")) == (503, "unavailable", "1")
    assert teller.get(account.path).body["version"] == spoiled.body["account"]["version"]
