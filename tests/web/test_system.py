"""The catalogue in the bank: drawn, listed, and a page for each thing."""

import html
import re
from itertools import chain

import pytest

from bank.identity.models import Role
from bank.system.reading import catalogue
from bank.web.pages.system.drawing import Drawing, drawing_of, drawing_of_all
from ledger.runner import drain
from tests.steps import an_account, deposit, do
from tests.web.pages import Browser
from tests.web.people import a_login

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def staff(bank: None) -> Browser:
    return Browser.signed_in(a_login("tess", Role.TELLER))


def links(page: str) -> set[str]:
    return {html.unescape(href) for href in re.findall(r'href="(/[^"#?]*)', page)}


def test_every_box_is_a_page(staff: Browser) -> None:
    page = staff.open("/system")
    assert page.status == 200
    known = catalogue()
    for kind, names in (
        ("commands", known.commands),
        ("deciders", known.deciders),
        ("events", known.events),
        ("projections", known.projections),
        ("screens", known.areas),
    ):
        assert {f"/system/{kind}/{name}" for name in names} <= links(page.html)


def test_every_link_of_every_page_leads_somewhere(staff: Browser) -> None:
    seen: set[str] = set()
    waiting = {"/system"}
    while waiting:
        path = waiting.pop()
        seen.add(path)
        page = staff.open(path)
        assert page.status == 200, path
        waiting |= {link for link in links(page.html) if link.startswith("/system")} - seen
    assert len(seen) > 100


def test_what_is_not_there_is_not_found(staff: Browser) -> None:
    for kind in ("commands", "deciders", "events", "projections", "screens"):
        assert staff.open(f"/system/{kind}/Nonsense").status == 404


def test_an_event_says_how_often_it_happened(staff: Browser) -> None:
    account_id = an_account()
    do(deposit(account_id, 1_00))
    do(deposit(account_id, 1_00))
    drain()
    page = staff.open("/system/events/DepositMade")
    assert re.search(r'class="figure[^"]*">\s*2\s*<', page.html)
    assert "happened 2 times" in staff.open("/system").text
    assert re.search(r'class="figure[^"]*">\s*0\s*<', staff.open("/system/events/AccountClosed").html)


def test_a_command_says_who_sends_it_and_what_refuses_it(staff: Browser) -> None:
    page = staff.open("/system/commands/Withdraw")
    for words in (
        "Take money out of an account.",
        "insufficient_funds",
        "WithdrawalMade",
        "/accounts/<uuid:account_id>/withdraw/check",
        "POST /api/v1/accounts/{account_id}/withdrawals",
        "bank.ops.demo.steps",
    ):
        assert words in page.text, words


def test_only_auditors_are_led_to_the_events_themselves(staff: Browser) -> None:
    do(deposit(an_account(), 1_00))
    drain()
    assert "Look at them" not in staff.open("/system/events/DepositMade").text
    auditor = Browser.signed_in(a_login("audrey", Role.AUDITOR))
    assert "Look at them" in auditor.open("/system/events/DepositMade").text


def test_a_drawing_stays_in_its_frame_and_no_box_covers_another() -> None:
    known = catalogue()
    for drawing in chain((drawing_of(known, decider) for decider in known.deciders.values()), [drawing_of_all(known)]):
        assert_tidy(drawing)


def assert_tidy(drawing: Drawing) -> None:
    for box in drawing.boxes:
        assert box.x >= 0
        assert box.x + box.width <= drawing.width
        assert box.y > 0
        assert box.y + box.height <= drawing.height
    for one in drawing.boxes:
        for other in drawing.boxes:
            if one is not other and one.kind == other.kind:
                assert abs(one.y - other.y) >= one.height, (one.text, other.text)


def test_a_command_is_beside_its_events() -> None:
    drawing = drawing_of(catalogue(), catalogue().deciders["account"])
    place = {(box.kind, box.text): box for box in drawing.boxes}
    assert place["command", "Deposit"].y == place["event", "DepositMade"].y
    sides = [place["event", name].y for name in ("TransferReceived", "TransferSent")]
    assert place["command", "Transfer"].y == sum(sides) / 2
