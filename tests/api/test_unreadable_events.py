"""Events that the code cannot read (any more): told as they are stored, marked, and in nobody's way."""

import pytest

from ledger.reading import head_position
from ledger.runner import drain
from tests.api.client import Api
from tests.api.given import Account
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
