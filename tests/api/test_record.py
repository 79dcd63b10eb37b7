"""/ledger and /streams over the API: how far the book is verified and signed, and streams at any time."""

from pathlib import Path

import pytest
from django.db import connection
from pytest_django import Settings

from ledger.ids import new_id
from ledger.reading import head_position
from ledger.runner import drain
from ledger.signing import sign_head
from tests.acting import as_owner
from tests.api.client import Api, eur
from tests.api.given import Account

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _key(settings: Settings, tmp_path: Path) -> None:
    settings.LEDGER_SIGNING_KEY_FILE = tmp_path / "signing_key"


def test_an_empty_book_is_right(auditor: Api) -> None:
    body = auditor.get("/ledger/verification").body
    assert (body["ok"], body["verified_to"], body["signed_to"], body["head"]) == (True, 0, 0, 0)
    assert (body["signed_at"], body["finding"], body["head_hash"]) == (None, None, "00" * 32)
    assert auditor.get("/ledger/checkpoints").body == {"data": [], "has_more": False, "next_cursor": None}


def test_the_book_is_verified_to_its_head_and_signed_to_its_last_checkpoint(
    auditor: Api, teller: Api, account: Account
) -> None:
    drain()
    (seal,) = sign_head()
    teller.post(f"{account.path}/deposits", {"amount": eur("1")})
    drain()
    body = auditor.get("/ledger/verification").body
    assert (body["ok"], body["verified_to"], body["head"]) == (True, head_position(), head_position())
    assert (body["signed_to"], body["signed_at"]) == (seal.position, seal.signed_at)
    assert body["signed_to"] == body["head"] - 1


def test_a_forged_checkpoint_and_a_forged_event_are_told(auditor: Api, teller: Api, account: Account) -> None:
    drain()
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("alter table ledger_entry disable trigger user")
        cursor.execute("update ledger_entry set hash = decode(repeat('ab', 32), 'hex') where position = 2")
        cursor.execute("alter table ledger_entry enable always trigger ledger_entry_append_only")
    body = auditor.get("/ledger/verification").body
    assert (body["ok"], body["verified_to"]) == (False, 1)
    assert (body["finding"]["kind"], body["finding"]["position"]) == ("changed", 2)


def test_checkpoints_are_listed_the_newest_first(auditor: Api, teller: Api, account: Account) -> None:
    signed = []
    for _ in range(3):
        teller.post(f"{account.path}/deposits", {"amount": eur("1")})
        drain()
        signed += sign_head()
    first = auditor.get("/ledger/checkpoints?limit=2").body
    second = auditor.get("/ledger/checkpoints", {"limit": 2, "cursor": first["next_cursor"]}).body
    listed = first["data"] + second["data"]
    assert listed == [seal.public_form() for seal in reversed(signed)]


def test_a_stream_is_folded_at_any_version_and_moment(auditor: Api, teller: Api, account: Account) -> None:
    path = f"/streams/{account.id}"
    frozen = teller.post(f"{account.path}/freeze").body
    now = auditor.get(path).body
    assert (now["id"], now["category"], now["version"]) == (str(account.id), "account", 3)
    assert (now["state"]["balance_minor"], now["state"]["status"]) == (500_00, "frozen")
    first = auditor.get(path, {"version": 1}).body
    assert (first["version"], first["state"]["balance_minor"], first["state"]["status"]) == (1, 0, "open")
    when = frozen["events"][0]["data"]["occurred_at"]
    assert auditor.get(path, {"as_of": when}).body == now
    assert auditor.get(path, {"as_of": "2001-01-01T00:00:00Z"}).code == "version_not_found"
    assert auditor.get(path, {"version": 4}).code == "version_not_found"
    assert auditor.get(path, {"version": 1, "as_of": when}).code == "conflicting_parameters"


def test_a_customers_stream_is_folded_too(auditor: Api, account: Account) -> None:
    body = auditor.get(f"/streams/{account.customer_id}").body
    assert (body["category"], body["version"]) == ("customer", 1)


def test_a_streams_events_come_in_its_order_also_before_they_are_sealed(
    auditor: Api, teller: Api, account: Account
) -> None:
    drain()
    teller.post(f"{account.path}/freeze")
    path = f"/streams/{account.id}/events"
    events = auditor.get(path).body["data"]
    assert [(e["streamPosition"], e["type"]) for e in events] == [
        (1, "AccountOpened"),
        (2, "DepositMade"),
        (3, "AccountFrozen"),
    ]
    assert [e["position"] is None for e in events] == [False, False, True]
    first = auditor.get(path, {"limit": 2}).body
    teller.post(f"{account.path}/unfreeze")
    rest = auditor.get(path, {"limit": 2, "cursor": first["next_cursor"]}).body
    assert [e["streamPosition"] for e in first["data"] + rest["data"]] == [1, 2, 3, 4]
    assert (first["has_more"], rest["has_more"]) == (True, False)


@pytest.mark.parametrize("stream_id", [str(new_id()), "x", "%00", "%ff"])
@pytest.mark.parametrize("call", ["", "/events"])
def test_a_stream_that_never_was_is_404(auditor: Api, stream_id: str, call: str) -> None:
    assert auditor.get(f"/streams/{stream_id}{call}").code == "stream_not_found"


REPORTS = ["activity", "average_balances", "balance_distribution", "cash_position", "daily_flows", "dormant_accounts"]
REPORTS += ["general_ledger", "growth", "journal", "largest_movements", "refusals", "trial_balance"]
MUST_SAY = dict.fromkeys(("journal", "largest_movements"), "currency=EUR")


def test_reports_are_listed_with_how_far_they_are(teller: Api, account: Account) -> None:
    drain()
    reports = teller.get("/reports").body["data"]
    assert [report["name"] for report in reports] == REPORTS
    for report in reports:
        assert report["as_of"]["lag_events"] == 0
        as_of = teller.send("GET", f"{report['path']}?{MUST_SAY.get(report['name'], '')}").body["as_of"]
        assert as_of["position"] == report["as_of"]["position"] == 3
    assert teller.get("/reports/nothing").status == 404
