"""The page of one event: as stored and as read, its place in the chain, what stands beside it, and its proof."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from accounts.customer import ErasePersonalData
from accounts.handler import handle
from bank.access_records.models import AccessRecord
from bank.identity.models import Role
from ledger import codec
from ledger.entries import find_entry
from ledger.ids import new_id
from ledger.models import Entry
from ledger.runner import drain
from ledger.signing import sign_head
from tests.acting import as_owner
from tests.ledger.owner import change_entries, change_event, tamper
from tests.spec import envelope
from tests.steps import BY, deposit, do, transfer
from tests.web.pages import Browser, Page
from tests.web.people import Customer, a_login

pytestmark = pytest.mark.django_db(transaction=True)
VERIFY = Path(__file__).resolve().parents[2] / "tools" / "verify_export.py"


@pytest.fixture
def auditor(ada: Customer) -> Browser:
    """Ada was registered (1), got an account (2) and money (3)."""
    drain()
    return Browser.signed_in(a_login("auditor", Role.AUDITOR))


@pytest.fixture
def later_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """A later version of the code: deposits have gone on to version 2."""
    for registry in ("_by_name", "_by_class", "_upcasters"):
        monkeypatch.setattr(codec, registry, dict(getattr(codec, registry)))
    del codec._by_name["DepositMade"]

    @codec.event("DepositMade", version=2)
    class Deposit(msgspec.Struct, frozen=True, kw_only=True):
        amount_minor: int
        currency: str
        note: str

    @codec.upcaster("DepositMade", from_version=1)
    def _to_2(data: dict[str, Any]) -> dict[str, Any]:
        return {"amount_minor": data["amount_minor"], "currency": data["currency"], "note": "from before"}


def change(position: int, changes: str, *parameters: object) -> None:
    with as_owner():
        change_event(position, changes, *parameters)


def event(auditor: Browser, position: int) -> Page:
    page = auditor.open(f"/audit/events/{position}")
    assert page.status == 200
    return page


def test_it_shows_what_the_record_says_and_where_it_stands(auditor: Browser, ada: Customer) -> None:
    page = event(auditor, 3)
    entry, before = Entry.objects.get(position=3), Entry.objects.get(position=2)
    for words in (
        "Deposit made",
        "DepositMade",
        '"amount_minor": 50000',
        str(ada.account_id),
        entry.hash.hex(),
        before.hash.hex(),
        "Deposit",
        "system:test",
        "As stored, version 1",
        "the code reads just the same",
        '"commandId"',
    ):
        assert words in page.text
    assert "As read today" not in page.text
    stored = find_entry(3)
    assert stored is not None
    metadata = stored.event.metadata
    for kind, name in (("commands", "commandId"), ("correlations", "correlationId")):
        assert f'href="/audit/{kind}/{metadata[name]}"' in page.html
    assert page.link(str(ada.account_id)) == f"/audit/streams/{ada.account_id}"


def test_what_led_to_it_is_said_where_that_is_not_its_own_command(auditor: Browser, ada: Customer) -> None:
    assert "Led to by" not in event(auditor, 3).text
    cause = find_entry(3)
    assert cause is not None
    cause_id = cause.event.id
    handle(deposit(ada.account_id, 1_00), by=BY, correlation_id=new_id(), causation_id=cause_id)
    drain()
    page = event(auditor, 4)
    assert "Led to by" in page.text
    assert str(cause_id) in page.text
    assert page.link("What came of the request").startswith("/audit/correlations/")


def test_its_neighbours_are_a_step_away(auditor: Browser, ada: Customer, grace: Customer) -> None:
    do(transfer(ada.account_id, grace.account_id, 5_00))
    drain()
    first, middle, last = (event(auditor, position).links for position in (1, 3, 8))
    assert "Before in the book" not in first
    assert (first["Next in the book"], middle["Before in the book"]) == ("/audit/events/2", "/audit/events/2")
    assert (middle["Before in this stream"], middle["Next in this stream"]) == ("/audit/events/2", "/audit/events/7")
    assert last["Before in this stream"] == "/audit/events/6"
    assert not {"Next in the book", "Next in this stream"} & set(last)
    assert event(auditor, 1).text.count("00000000000000000000000000000000") == 2, "before the first are 32 zero bytes"


def test_looking_at_it_leaves_a_record(auditor: Browser, ada: Customer) -> None:
    event(auditor, 3)
    (record,) = AccessRecord.objects.all()
    assert (record.customer_id, record.account_id) == (ada.customer_id, ada.account_id)
    assert record.route == "/audit/events/<int:position>"


@pytest.mark.parametrize("position", ["0", "4", "9223372036854775807", "9" * 30])
def test_where_the_book_has_no_event_there_is_no_page(auditor: Browser, position: str) -> None:
    for path in (f"/audit/events/{position}", f"/audit/events/{position}/proof.json"):
        assert auditor.open(path).status == 404


@pytest.mark.usefixtures("later_code")
def test_a_version_of_before_is_shown_as_stored_and_as_read(auditor: Browser) -> None:
    page = event(auditor, 3)
    assert "As read today, version 2" in page.text
    assert "As stored, version 1" in page.text
    assert '"note": "from before"' in page.text
    assert '"reference": ""' in page.text


def test_personal_data_are_encrypted_as_stored_readable_as_read_and_gone_once_erased(
    auditor: Browser, ada: Customer
) -> None:
    page = event(auditor, 1)
    assert "$personal" in page.text
    assert '"name": "Ada Lovelace"' in page.text
    do(ErasePersonalData(customer_id=ada.customer_id, reason="asked for", **envelope()))
    drain()
    page = event(auditor, 1)
    assert "Lovelace" not in page.html
    assert '"name": "(erased)"' in page.text
    assert "Personal data erased" in page.text


class TestWhatTheCodeCannotRead:
    def test_a_type_that_it_no_longer_knows_is_shown_raw_and_marked(self, auditor: Browser) -> None:
        change(3, "type = 'FeeCharged'")
        page = event(auditor, 3)
        assert "Unknown type" in page.text
        assert "no event type FeeCharged" in page.text
        assert '"amount_minor": 50000' in page.text

    def test_a_version_that_is_newer_than_the_code_is_marked(self, auditor: Browser) -> None:
        change(3, "schema_version = 9")
        assert "Cannot be read" in event(auditor, 3).text

    @pytest.mark.parametrize("data", ['{"amount_minor": "x"}', "[]", "null", "7", '{"occurred_at": []}'])
    def test_data_that_are_not_its_types_are_shown_as_they_are(self, auditor: Browser, data: str) -> None:
        change(3, "data = %s::jsonb, metadata = %s::jsonb", data, data)
        assert "Cannot be read" in event(auditor, 3).text

    def test_personal_data_that_no_key_opens_are_shown_as_they_are(self, auditor: Browser) -> None:
        change(1, """data = jsonb_set(data, '{name,$personal}', '"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"')""")
        assert "Cannot be read" in event(auditor, 1).text

    def test_an_event_that_was_taken_away_is_said_to_be_gone(self, auditor: Browser) -> None:
        with as_owner():
            tamper("delete from ledger_event where sequence = (select sequence from ledger_entry where position = 2)")
        page = auditor.open("/audit/events/2")
        assert (page.status, "took it away" in page.text) == (410, True)
        assert auditor.open("/audit/events/2/proof.json").status == 410
        assert "Before in this stream" not in event(auditor, 3).links

    def test_an_entry_whose_predecessor_is_gone_says_so(self, auditor: Browser) -> None:
        with as_owner():
            tamper("delete from ledger_entry where position = 2")
        page = event(auditor, 3)
        assert "The entry before it is gone" in page.text
        assert auditor.open("/audit/events/2").status == 404


class TestTheProof:
    def test_it_is_checked_without_the_bank(self, auditor: Browser, tmp_path: Path) -> None:
        sign_head(new_key=False)
        page = event(auditor, 3)
        answer = auditor.open(page.link("Download the proof"))
        assert answer.response.headers["Content-Disposition"] == 'attachment; filename="event-3-proof.json"'
        assert answer.response.headers["Content-Type"] == "application/json"
        (tmp_path / "event-3-proof.json").write_text(answer.html)
        command = page.text[page.text.index("python3 tools/verify_export.py") :].split()[:5]
        done = subprocess.run(
            [sys.executable, str(VERIFY), *command[2:]], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr + done.stdout
        assert json.loads(answer.html)["event"]["position"] == 3

    def test_before_the_next_checkpoint_there_is_none_and_the_page_says_so(
        self, auditor: Browser, ada: Customer
    ) -> None:
        sign_head(new_key=False)
        do(deposit(ada.account_id, 1_00))
        drain()
        page = event(auditor, 4)
        assert "There is no proof yet" in page.text
        assert "Download the proof" not in page.links
        assert auditor.open("/audit/events/4/proof.json").status == 409


class TestWhatWasTamperedWith:
    COVERED = "This is what the hash covers"

    def test_an_event_that_is_what_was_sealed_raises_no_doubt(self, auditor: Browser) -> None:
        page = event(auditor, 3)
        assert self.COVERED in page.text
        assert "not what was sealed" not in page.text

    def test_a_changed_amount_is_not_said_to_be_covered_and_what_differs_is_named(
        self, auditor: Browser, ada: Customer
    ) -> None:
        change(3, """data = jsonb_set(data, '{amount_minor}', '900')""")
        page = event(auditor, 3)
        assert self.COVERED not in page.text
        assert "This is not what was sealed: the hash does not cover it." in page.text
        assert f"changed at position 3: DepositMade {ada.account_id}/2 is not what was sealed" in page.text
        assert "amount_minor 50000 900" in " ".join(page.text.split())
        for position in (1, 2):
            assert self.COVERED in event(auditor, position).text, "what stands before it is right"

    def test_what_no_search_keeps_is_found_all_the_same(self, auditor: Browser) -> None:
        change(3, 'recorded_at = recorded_at, metadata = metadata || \'{"actor": [7], "commandId": []}\'')
        page = event(auditor, 3)
        assert "is not what was sealed" in page.text
        assert "actor" in page.text
        change(3, 'metadata = metadata || \'{"note": "x"}\'')
        assert "is not what was sealed" in event(auditor, 3).text

    def test_a_changed_hash_is_told_from_a_changed_event(self, auditor: Browser, ada: Customer) -> None:
        do(deposit(ada.account_id, 1_00))
        drain()
        with as_owner():
            tamper("update ledger_entry set hash = sha256('x') where position = 3")
        assert "the hash of the entry was changed" in event(auditor, 3).text
        after = event(auditor, 4)
        assert "The hash of the entry before is not right." in after.text
        assert "DepositMade itself is right" in after.text
        assert self.COVERED in after.text

    def test_two_entries_in_each_others_place_are_said_to_be_swapped(self, auditor: Browser, ada: Customer) -> None:
        do(deposit(ada.account_id, 1_00))
        drain()
        with as_owner():
            change_entries(
                lambda entries: entries | {3: [entries[4][0], entries[3][1]], 4: [entries[3][0], entries[4][1]]}
            )
        page = event(auditor, 3)
        assert "Swapped: Two entries changed places." in " ".join(page.text.split())
        assert self.COVERED not in page.text
