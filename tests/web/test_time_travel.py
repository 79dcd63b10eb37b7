"""The auditors' pages of a stream: any version, any moment, what differs, and why the balance is what it is."""

import re
from datetime import timedelta
from urllib.parse import urlencode
from uuid import UUID

import pytest
from django.utils import timezone

from accounts.account_commands import FreezeAccount, SetOverdraftLimit
from accounts.aggregates import fold
from accounts.customer import ErasePersonalData
from accounts.handler import handle_all
from accounts.iban import format_iban
from accounts.money import Money
from bank.access_records.models import AccessRecord
from bank.identity.models import Role
from bank.web.formats import MINUS
from bank.web.pages.audit import running_balance, stream
from ledger.ids import new_id
from ledger.runner import drain
from readmodels import time_travel
from readmodels.balances import AccountRow
from tests.chance import a_seed, chances
from tests.readmodels.strange_events import strange
from tests.spec import AT, envelope
from tests.steps import BY, a_customer, an_account, deposit, do, transfer, withdraw
from tests.web.pages import Browser, Page, location
from tests.web.people import Customer, a_login, add_payee

pytestmark = pytest.mark.django_db(transaction=True)

HOUR = timedelta(hours=1)
chance = chances(a_seed())


@pytest.fixture
def auditor(bank: None) -> Browser:
    return Browser.signed_in(a_login("auditor", Role.AUDITOR))


@pytest.fixture
def past(bank: None) -> str:
    """The address of an account: opened, +100.00 after an hour, -30.00 after two, frozen after three."""
    account_id = an_account(name="Everyday")
    handle_all(
        [
            deposit(account_id, 100_00, at=AT + HOUR, reference="Salary"),
            withdraw(account_id, 30_00, at=AT + 2 * HOUR),
            FreezeAccount(command_id=new_id(), account_id=account_id, at=AT + 3 * HOUR, reason="Card lost"),
        ],
        by=BY,
    )
    drain()
    return f"/audit/streams/{account_id}"


def id_of(address: str) -> UUID:
    return UUID(address.rpartition("/")[2])


def versions_of(page: Page) -> list[int]:
    """The versions of the events in the list."""
    rows = page.html.partition('<tbody id="event-rows">')[2].partition("</tbody>")[0]
    return [int(found) for found in re.findall(r'num">\s*<a href="[^"]*version=(\d+)"', rows)]


def field_of(page: Page, label: str) -> str:
    """What the state's table says of a field, in its first column."""
    table = page.html.partition('id="state-heading"')[2]
    cell = re.search(rf'<th scope="row">{label}</th>\s*<td[^>]*>(.*?)</td>', table, re.DOTALL)
    assert cell, label
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", cell[1])).strip()


def test_a_stream_is_shown_at_its_last_version_with_all_that_led_there(auditor: Browser, past: str) -> None:
    page = auditor.open(past)
    assert page.status == 200
    assert "Version 4 of 4" in page.text
    assert "The account is frozen" in page.text
    assert field_of(page, "Balance") == "€70.00"
    assert versions_of(page) == [4, 3, 2, 1]
    assert f"{MINUS}€30.00" in page.text
    assert "Salary" in page.text
    assert "Card lost" in page.text


def test_each_version_is_a_step_a_number_and_a_place_of_the_slider_away(auditor: Browser, past: str) -> None:
    page = auditor.open(auditor.open(past).link(f"{MINUS}1"))
    assert "Version 3 of 4" in page.text
    assert field_of(page, "Status") == "Open Now: Frozen"
    assert versions_of(page) == [3, 2, 1]
    assert "Version 1 of 4" in auditor.open(page.link("First")).text
    assert "Version 4 of 4" in auditor.open(page.link("+1")).text
    assert "Version 4 of 4" in auditor.open(page.link("Last")).text
    for button in ("Go there", "To this version"):
        form = page.form(button)
        assert (form.method, form.action) == ("get", past)
        assert "Version 2 of 4" in auditor.open(f"{past}?version=2").text
        assert form.fields["version"] == "3"
    assert 'type="range"' in page.html
    assert 'max="4"' in page.html


def test_steps_lead_no_further_than_there_is(auditor: Browser, past: str) -> None:
    first, last = auditor.open(f"{past}?version=1"), auditor.open(past)
    assert {"+1", "+10", "Last"} <= set(first.links)
    assert not {"First", f"{MINUS}1", f"{MINUS}10"} & set(first.links)
    assert not {"+1", "+10", "Last"} & set(last.links)


@pytest.mark.parametrize(
    ("moment", "words", "balance"),
    [
        ("2026-03-29T01:00", "Version 1 of 4", "€0.00"),
        ("2026-03-29T02:30", "Version 2 of 4", "€100.00"),  # an hour that clocks in Europe left out that night
        ("2026-03-29T04:30%2B02:00", "Version 2 of 4", "€100.00"),
        ("2026-03-28T21:30-05:00", "Version 2 of 4", "€100.00"),
        ("2026-03-29T02:30:00Z", "Version 2 of 4", "€100.00"),
        ("2026-03-29T02:59:59.999999", "Version 2 of 4", "€100.00"),
        ("2026-03-29T03:00", "Version 3 of 4", "€70.00"),
        ("2026-03-30", "Version 4 of 4", "€70.00"),
    ],
)
def test_a_moment_is_in_utc_unless_it_says_another_offset(
    auditor: Browser, past: str, moment: str, words: str, balance: str
) -> None:
    page = auditor.open(f"{past}?at={moment}&clock=happened")
    assert page.status == 200
    assert words in page.text
    assert "As it was at" in page.text
    assert field_of(page, "Balance").startswith(balance)


def test_the_hour_that_clocks_show_twice_is_two_hours_here(auditor: Browser) -> None:
    account_id = an_account()
    first, second = AT.replace(month=10, day=25, hour=0, minute=30), AT.replace(month=10, day=25, hour=1, minute=30)
    handle_all([deposit(account_id, 1_00, at=first), deposit(account_id, 2_00, at=second)], by=BY)
    here = f"/audit/streams/{account_id}"
    for moment, balance in (("2026-10-25T02:30%2B02:00", "€1.00"), ("2026-10-25T02:30%2B01:00", "€3.00")):
        assert field_of(auditor.open(f"{here}?at={moment}"), "Balance").startswith(balance)


def test_before_its_first_event_there_was_nothing(auditor: Browser, past: str) -> None:
    page = auditor.open(f"{past}?at=2026-03-29T00:59:59")
    assert page.status == 200
    assert "Nothing had happened on it by then." in page.text
    assert "There was no state" in page.text


def test_an_event_that_was_recorded_late_counts_from_when_it_happened(auditor: Browser, past: str) -> None:
    do(deposit(id_of(past), 5_00, at=AT + HOUR + HOUR / 2))
    page = auditor.open(f"{past}?at=2026-03-29T02:45")
    assert field_of(page, "Balance").startswith("€105.00")
    assert "2 events before it are left out" in page.text
    recorded = auditor.open(f"{past}?at=2026-03-29T02:45&clock=recorded")
    assert "Nothing had happened on it by then." in recorded.text
    now = (timezone.now() + HOUR).isoformat()[:19]
    assert "Version 5 of 5" in auditor.open(f"{past}?at={now}&clock=recorded").text


@pytest.mark.parametrize(
    "query",
    [
        *("version=0", "version=5", "version=-1", "version=x", "version=1e3", "version=99999999999999999999"),
        *(
            "version=%C2%B2",
            "at=yesterday",
            "at=2026-13-01T00:00",
            "at=0001-01-01T00:00%2B14:00",
            "at=2026-03-29T25:00",
        ),
        *("clock=mine&at=2026-03-29T01:00", "version=1&at=2026-03-29T01:00", "before=0", "before=x", "version=%00"),
    ],
)
def test_nonsense_is_said_to_be_nonsense(auditor: Browser, past: str, query: str) -> None:
    page = auditor.open(f"{past}?{query}")
    assert page.status == 400
    assert "This place can" in page.text


def test_what_is_no_stream_is_not_found(auditor: Browser) -> None:
    for address in (f"/audit/streams/{new_id()}", "/audit/streams/x", f"/audit/streams/{new_id()}/balance"):
        assert auditor.open(address).status == 404
    assert auditor.open(f"/audit/streams/{a_customer()}/balance").status == 404


def test_every_kind_of_stream_has_a_page(auditor: Browser, ada: Customer, past: str) -> None:
    page = auditor.open(f"/audit/streams/{ada.customer_id}")
    assert "Customer registered" in page.text
    assert "The customer is registered and keeps 0 payees." in page.text
    add_payee(ada.customer_id, "Grace", "LU280019400644750000")
    assert "keeps 1 payee." in auditor.open(f"/audit/streams/{ada.customer_id}").text
    with_log_in = Browser.signed_in(a_login("chief", Role.ADMIN))
    assert with_log_in.open(past).status == 200


def test_a_customers_data_are_shown_as_the_record_has_them_and_the_look_is_recorded(
    auditor: Browser, ada: Customer
) -> None:
    here = f"/audit/streams/{ada.customer_id}"
    assert "Ada Lovelace" in auditor.open(here).text
    do(ErasePersonalData(customer_id=ada.customer_id, reason="Asked for", **envelope()))
    page = auditor.open(here)
    assert "Ada Lovelace" not in page.text
    assert "(erased)" in page.text
    auditor.open(f"/audit/streams/{ada.account_id}")
    auditor.open(f"/audit/streams/{ada.account_id}/balance")
    auditor.open(f"/audit/streams/{ada.account_id}/difference")
    looks = AccessRecord.objects.order_by("record_id").values_list("customer_id", "account_id")
    assert list(looks) == [(ada.customer_id, None)] * 2 + [(ada.customer_id, ada.account_id)] * 3


def test_a_long_list_of_events_goes_on_by_keyset(auditor: Browser) -> None:
    account_id = an_account()
    handle_all([deposit(account_id, 1) for _ in range(2 * stream.PAGE_SIZE)], by=BY)
    here = f"/audit/streams/{account_id}?version=40"
    page, seen = auditor.open(here), []
    while True:
        seen += versions_of(page)
        assert "Version 40 of 51" in page.text
        if "Show earlier events" not in page.links:
            break
        page = auditor.open(page.link("Show earlier events"))
    assert seen == list(range(40, 0, -1))


def test_any_version_of_a_long_stream_is_what_its_events_say(auditor: Browser) -> None:
    account_id = an_account()
    handle_all([deposit(account_id, 1 + n % 9) for n in range(650)], by=BY)
    drain()
    for version in chance("versions").sample(range(1, 652), 8):
        state = fold("account", account_id, to=version)
        assert state is not None
        page = auditor.open(f"/audit/streams/{account_id}?version={version}")
        assert f'value="{state.balance_minor / 100:.2f}"' in page.html  # type: ignore[union-attr]


def test_an_event_that_the_code_does_not_know_is_shown_raw_and_the_state_is_unknown_from_there(
    auditor: Browser, past: str
) -> None:
    strange(id_of(past), "account", data={"about": "<b>flying</b>"})
    do(deposit(id_of(past), 5_00))
    drain()
    page = auditor.open(past)
    assert page.status == 200
    for words in ("DreamDreamt", "Cannot be read", "<b>flying</b>", "The state is unknown from event 5 on"):
        assert words in page.text
    assert "<b>flying" not in page.html
    assert field_of(auditor.open(f"{past}?version=4"), "Balance").startswith("€70.00")
    balance = auditor.open(f"{past}/balance")
    assert balance.status == 200
    assert "The state is unknown from event 5 on" in balance.text
    assert "not known" in balance.text
    difference = auditor.open(f"{past}/difference?from=4&to=6")
    assert difference.status == 200
    assert "The state is unknown from event 5 on" in difference.text


def test_a_stream_of_a_kind_that_nobody_knows_has_its_events_and_no_state(auditor: Browser) -> None:
    stream_id = new_id()
    strange(stream_id, "dreams")
    page = auditor.open(f"/audit/streams/{stream_id}")
    assert page.status == 200
    assert "Nobody folds streams of this kind" in page.text
    assert "dreams" in page.text


def test_while_states_are_not_kept_yet_the_page_says_so(
    auditor: Browser, past: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time_travel, "FOLD_AT_MOST", 1)
    page = auditor.open(f"{past}?version=3")
    assert "not known yet" in page.text
    assert versions_of(page) == [3, 2, 1]
    assert field_of(auditor.open(past), "Balance") == "€70.00"  # by its snapshot


def test_what_differs_between_two_versions_is_told_field_by_field(auditor: Browser, past: str) -> None:
    do(SetOverdraftLimit(account_id=id_of(past), overdraft_limit=Money(50_00, "EUR"), **envelope()))
    page = auditor.open(f"{past}/difference?from=2&to=4")
    changed = page.html.partition('id="changed-heading"')[2].partition("</table>")[0]
    assert re.findall(r'<th scope="row">([^<]*)</th>', changed) == ["Status", "Balance"]
    for words in ("2 events lie between", "Frozen", "€100.00", "€70.00", f"{MINUS}€30.00", "What stayed the same"):
        assert words in page.text
    assert "Overdraft limit" not in changed
    everything = auditor.open(f"{past}/difference")
    assert (everything.form("Compare").fields["from"], everything.form("Compare").fields["to"]) == ("1", "5")
    since = auditor.open(auditor.open(f"{past}?version=4").link("What has changed since"))
    assert "+€50.00" in since.text
    assert "Nothing: each field" in auditor.open(f"{past}/difference?from=3&to=3").text


@pytest.mark.parametrize("query", ["from=3&to=2", "from=0", "to=6", "from=x", "to=%C2%B2"])
def test_versions_that_cannot_be_compared_are_said_to_be_wrong(auditor: Browser, past: str, query: str) -> None:
    page = auditor.open(f"{past}/difference?{query}")
    assert page.status == 400
    assert "These versions can" in page.text


def test_a_balance_is_the_sum_of_its_events_each_a_link_into_the_book(auditor: Browser, past: str) -> None:
    page = auditor.open(auditor.open(past).link("Why is the balance this?"))
    assert page.status == 200
    assert re.findall(r"Event (\d)", page.text) == ["1", "2", "3", "4"]
    for words in ("Account opened", "Deposit made", "Salary", f"{MINUS} €30.00", "Sum of all 4 events", "€70.00"):
        assert words in page.text
    assert re.fullmatch(r"/audit/events/\d+", page.link("Deposit made"))
    earlier = auditor.open(f"{past}/balance?version=2")
    assert "Sum of all 2 events" in earlier.text
    assert "€100.00" in earlier.text


def test_a_long_sum_goes_on_by_keyset_at_any_version_and_carries_forward(auditor: Browser) -> None:
    account_id = an_account()
    handle_all([deposit(account_id, 1_00) for _ in range(130)], by=BY)
    here = f"/audit/streams/{account_id}/balance?version=120"
    page, seen = auditor.open(here), []
    while True:
        seen += [int(number) for number in re.findall(r"Event (\d+)", page.text)]
        if "Show later events" not in page.links:
            break
        assert f"Sum of events 1 to {len(seen)}" in page.text
        page = auditor.open(page.link("Show later events"))
    assert seen == list(range(1, 121))
    assert "€119.00" in page.text
    assert auditor.open(page.link("From the opening")).text.count("Event 1 ") == 1
    last = auditor.open(auditor.open(here).link("The last events"))
    assert f"Event {120 - running_balance.PAGE_SIZE + 1} " in last.text


def test_a_balance_that_the_events_do_not_make_is_named(auditor: Browser, ada: Customer) -> None:
    here = f"/audit/streams/{ada.account_id}/balance"
    assert "put right" not in auditor.open(here).text
    AccountRow.objects.filter(account_id=ada.account_id).update(balance_minor=1_00)
    page = auditor.open(here)
    assert "the balance that the bank shows is €1.00" in page.text


@pytest.mark.parametrize("query", ["version=9", "version=2&after=2", "after=4", "after=-1", "after=x", "version=0"])
def test_a_sum_that_begins_nowhere_is_said_to_be_wrong(auditor: Browser, past: str, query: str) -> None:
    assert auditor.open(f"{past}/balance?{query}").status == 400


def test_an_id_leads_to_its_stream_or_to_what_it_belongs_to(auditor: Browser, ada: Customer, grace: Customer) -> None:
    sent = do(transfer(ada.account_id, grace.account_id, 1_00))
    drain()
    for wanted in (ada.account_id, ada.account.iban, format_iban(ada.account.iban).lower()):
        assert (
            location(auditor.open(f"/audit/streams?{urlencode({'id': wanted})}")) == f"/audit/streams/{ada.account_id}"
        )
    found = location(auditor.open(f"/audit/streams?id={sent.command_id}"))
    assert found == f"/audit/correlations/{sent.command_id}"
    assert auditor.open("/audit/streams").status == 200
    for nonsense in ("", "x", "%00", "x" * 200, str(new_id()), "DE89370400440532013000", "LU28"):
        assert auditor.open(f"/audit/streams?id={nonsense}").status == 400


def test_an_account_and_a_customer_lead_to_their_streams_for_who_may_audit(auditor: Browser, ada: Customer) -> None:
    teller = Browser.signed_in(a_login("teller", Role.TELLER))
    for path, stream_id in {
        f"/accounts/{ada.account_id}": ada.account_id,
        f"/customers/{ada.customer_id}": ada.customer_id,
    }.items():
        assert auditor.open(path).link("Time travel") == f"/audit/streams/{stream_id}"
        for other in (teller, Browser.signed_in(ada.user)):
            assert "Time travel" not in other.open(path).links


def test_a_page_of_a_stream_is_only_read(auditor: Browser, past: str) -> None:
    before = time_travel.find(id_of(past))
    for page in (past, f"{past}/difference", f"{past}/balance"):
        assert auditor.post(page, {"version": "1"}).status in {200, 400, 405}
    assert time_travel.find(id_of(past)) == before
