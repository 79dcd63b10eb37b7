"""Which language a page speaks, who keeps the choice, and that a Czech page has no English on it."""

import csv
import io
import json
import re
from contextlib import suppress
from datetime import timedelta
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import pytest
from django.conf import settings as configured
from django.core import mail
from django.test import Client
from django.utils import timezone, translation

from accounts.account_commands import FreezeAccount
from accounts.handler import handle
from accounts.refusals import InsufficientFunds
from bank.api.scopes import Scope
from bank.identity import policy
from bank.identity.models import Role, User
from ledger.projections import projections
from ledger.runner import drain
from tests.spec import envelope
from tests.steps import an_account, deposit, do, transfer, withdraw
from tests.web.pages import Browser, Page
from tests.web.people import Customer, a_login, add_payee
from tests.web.test_languages import catalogue

pytestmark = pytest.mark.django_db(transaction=True)

PASSWORD = "correct horse battery staple"
_PAGES_AT_MOST = 150
_ENGLISH = re.compile(
    r"\b(the|and|your|you|with|this|that|was|were|not|from|for|has|have|which|when|who|what|account|accounts|balance|"
    r"amount|show|back|open|closed|search|available|nothing|events?)\b",
    re.IGNORECASE,
)
_SPACES = "\u00a0"
# For programs and operators; and the catalogue, which shows the code's own words.
_NO_CZECH = ("/admin", "/api", "/static", "/system", "/metrics", "/readyz")
_SCOPES = {scope.value for scope in Scope}  # in no language


class Shown(HTMLParser):
    """What a page shows and says: text, titles, and what screen readers read; codes, ids and what is marked as English
    apart.
    """

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.links: list[str] = []
        self._silent = 0
        self._choice: str | None = None
        self._in_english: list[str] = []  # the element that is marked so, and those of its name within
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in {"script", "style", "code"}
        given = dict(attrs)
        if given.get("lang") == "en" or tag in self._in_english[:1]:
            self._in_english.append(tag)
        self._choice = given.get("value") if tag == "option" else None
        self.texts += [given[name] or "" for name in ("title", "aria-label", "alt", "placeholder") if name in given]
        if tag == "a":
            self.links.append(given.get("href") or "")

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in {"script", "style", "code"}
        if tag in self._in_english[:1]:
            self._in_english.pop()

    def handle_data(self, data: str) -> None:
        # A choice that is named as it is sent is a code, too: a type of commands.
        if not self._silent and not self._in_english and data.strip() != self._choice:
            self.texts.append(data)


def czech(user: User | None = None) -> Browser:
    """A browser that asks for Czech, signed in as `user`."""
    client = Client(raise_request_exception=False, headers={"Accept-Language": "cs-CZ,cs;q=0.9,en;q=0.5"})
    if user is not None:
        client.force_login(user)
    return Browser(client=client)


def plain(page: Page) -> str:
    return page.text.replace(_SPACES, " ")


class TestWhichLanguage:
    @pytest.mark.parametrize(
        ("asked", "spoken"),
        [("", "en"), ("cs", "cs"), ("cs-CZ,en;q=0.5", "cs"), ("de,fr", "en"), ("en-GB,cs;q=0.9", "en"), (";;;", "en")],
    )
    def test_a_stranger_is_answered_as_the_browser_asks(self, bank: None, asked: str, spoken: str) -> None:
        page = Browser().open("/sign-in", **({"Accept-Language": asked} if asked else {}))
        assert f'<html lang="{spoken}"' in page.html
        assert page.response.headers["Content-Language"] == spoken
        assert {"Accept-Language", "Cookie"} <= set(re.split(", *", page.response.headers["Vary"]))

    def test_the_switch_is_a_form_that_leads_back_and_keeps_the_choice(self, browser: Browser, ada: Customer) -> None:
        page = browser.open("/payees")
        answer = browser.post("/language", page.form("Čeština").fields | {"language": "cs"})
        assert (answer.status, answer.response.headers["Location"]) == (303, "/payees")
        cookie = answer.response.cookies["language"]
        assert (cookie.value, cookie["httponly"], cookie["samesite"]) == ("cs", True, "Lax")
        assert "Příjemci" in browser.open("/payees", **{"Accept-Language": "en"}).text
        ada.user.refresh_from_db()
        assert ada.user.language == "cs"

    @pytest.mark.parametrize("language", ["", "xx", "cs; path=/", "../cs"])
    def test_a_language_that_nobody_speaks_changes_nothing(
        self, browser: Browser, ada: Customer, language: str
    ) -> None:
        answer = browser.post("/language", {"language": language})
        assert answer.status == 303
        assert "language" not in answer.response.cookies
        ada.user.refresh_from_db()
        assert ada.user.language == ""

    def test_the_switch_leads_to_no_other_host(self, browser: Browser, ada: Customer) -> None:
        answer = browser.post("/language", {"language": "cs", "next": "https://example.org/"})
        assert answer.response.headers["Location"] == "/"

    def test_a_persons_choice_comes_along_to_another_browser(self, bank: None) -> None:
        ruth = User.objects.create_user("ruth", password=PASSWORD, roles=[Role.OPERATIONS], language="cs")
        browser = Browser()
        answer = browser.send(browser.open("/sign-in"), "Sign in", login=ruth.username, password=PASSWORD)
        assert answer.response.cookies["language"].value == "cs"
        assert "Zabezpečení" in browser.open("/security").text

    def test_what_was_chosen_before_the_first_sign_in_stays_with_the_person(self, bank: None) -> None:
        ruth = User.objects.create_user("ruth", password=PASSWORD, roles=[Role.OPERATIONS])
        browser = Browser()
        browser.post("/language", {"language": "cs"})
        browser.send(browser.open("/sign-in"), "Přihlásit se", login=ruth.username, password=PASSWORD)
        ruth.refresh_from_db()
        assert ruth.language == "cs"

    def test_a_page_of_errors_speaks_it_too(self, bank: None) -> None:
        assert "Stránka nenalezena" in czech().open("/nowhere").text

    def test_nobody_inherits_the_language_of_the_request_before(self, bank: None) -> None:
        czech().open("/sign-in")
        assert translation.get_language() == configured.LANGUAGE_CODE


class TestWhatStaysEnglish:
    def test_the_api_whatever_the_browser_asks_for(self, bank: None) -> None:
        client = Client(headers={"Accept-Language": "cs"})
        client.cookies["language"] = "cs"
        client.get("/sign-in")
        answers = [client.get(path) for path in ("/api/v1/me", "/api/v1/nowhere", "/api/nowhere", "/livez")]
        for answer in answers:
            assert "Content-Language" not in answer.headers
            assert answer.content.isascii(), answer.content
        assert json.loads(answers[0].content)["title"]

    def test_files_are_for_programs(self, ada: Customer) -> None:
        do(deposit(ada.account_id, 1_234_50))
        page = czech(ada.user).open(f"/accounts/{ada.account_id}/movements.csv")
        first, second, *_ = csv.reader(io.StringIO(page.html))
        assert first[:4] == ["date", "kind", "amount", "currency"]
        assert second[1:4] == ["Deposit", "1234.50", "EUR"]

    def test_drawings_have_points_in_their_numbers(self, ada: Customer) -> None:
        account_id = an_account(1_00, customer_id=ada.customer_id, overdraft_limit_minor=100_00)
        now = timezone.now()
        do(withdraw(account_id, 5_55, at=now - timedelta(days=3)))
        do(deposit(account_id, 9_99, at=now - timedelta(days=2)))
        do(withdraw(account_id, 7_77, at=now - timedelta(days=1)))
        drain()
        page = czech(ada.user).open(f"/accounts/{account_id}")
        drawing = "".join(re.findall(r"<svg class=\"spark\".*?</svg>", page.html, re.DOTALL))
        assert re.search(r'="\d+\.\d"', drawing)
        assert re.findall(r'(?:\bx|\by|x1|x2|y1|y2|width|height|d)="[^"]*,[^"]*"', drawing) == []


class TestInCzech:
    def test_an_amount_is_typed_and_shown_as_czechs_do(self, ada: Customer) -> None:
        do(deposit(ada.account_id, 5_000_00))
        browser = czech(ada.user)
        form = browser.open(f"/accounts/{ada.account_id}/withdraw")
        check = browser.follow(browser.send(form, "Pokračovat", amount="1 234,50", reference="Nájem"))
        assert "1 234,50 €" in plain(check)
        assert 'value="1234.50"' in check.html
        receipt = browser.follow(browser.send(check, "Vybrat"))
        assert "Výběr proveden" in receipt.text
        assert "4 265,50 €" in plain(receipt)
        assert re.search(
            r'<time datetime="\d{4}-\d\d-\d\dT[^"]*">\d+\.\u00a0\d+\.\u00a0\d{4} \d+:\d\d UTC</time>', receipt.html
        )

    def test_the_way_back_shows_the_amount_as_it_is_typed(self, ada: Customer) -> None:
        browser = czech(ada.user)
        form = browser.open(f"/accounts/{ada.account_id}/withdraw")
        check = browser.follow(browser.send(form, "Pokračovat", amount="12,50"))
        again = browser.open(check.link("Zpět"))
        assert again.form("Pokračovat").fields["amount"] == "12,50"
        assert "12,50 €" in plain(browser.follow(browser.send(again, "Pokračovat")))

    def test_a_draft_means_the_same_in_the_other_language(self, ada: Customer) -> None:
        browser = czech(ada.user)
        form = browser.open(f"/accounts/{ada.account_id}/withdraw")
        check = browser.send(form, "Pokračovat", amount="12,50").response.headers["Location"]
        assert "€12.50" in browser.open(check, **{"Accept-Language": "en"}).text

    def test_an_amount_with_two_readings_is_refused(self, ada: Customer) -> None:
        page = czech(ada.user).send(
            czech(ada.user).open(f"/accounts/{ada.account_id}/withdraw"), "Pokračovat", amount="1.234"
        )
        assert page.status == 422
        assert "lze číst dvěma způsoby" in page.text
        assert page.form("Pokračovat").fields["amount"] == "1.234"

    def test_a_refusal_has_czech_words_and_amounts(self, ada: Customer) -> None:
        browser = czech(ada.user)
        page = browser.send(browser.open(f"/accounts/{ada.account_id}/withdraw"), "Pokračovat", amount="1 501")
        assert "Zůstatek na to nestačí: k dispozici je 500,00 EUR." in plain(page)
        with suppress(InsufficientFunds):
            handle(
                command := withdraw(ada.account_id, 10**9),
                by=policy.actor_of(ada.user, "web"),
            )
        assert "Zůstatek na to nestačí" in browser.open(f"/receipts/{command.command_id}").text

    def test_a_word_with_two_meanings_has_two_translations(self, bank: None) -> None:
        page = czech(a_login("worker", Role.TELLER)).open("/customers")
        assert "Přehledy Systém Zabezpečení" in page.text  # the room
        assert page.text.endswith("Světlé Tmavé Podle systému")  # the colours

    def test_filters_read_czech_amounts(self, ada: Customer) -> None:
        do(deposit(ada.account_id, 1_234_50, reference="Mnoho"))
        page = czech(ada.user).open(f"/accounts/{ada.account_id}?min=1%20234,50")
        assert "Mnoho" in page.text
        assert page.status == 200

    def test_a_letter_speaks_the_language_of_whom_it_is_for(self, bank: None) -> None:
        User.objects.create_user("ruth", "ruth@example.org", PASSWORD, roles=[Role.OPERATIONS], language="cs")
        browser = Browser()
        browser.send(browser.open("/password/forgotten"), "Send the link", email="ruth@example.org")
        (letter,) = mail.outbox
        assert "nastavte si nové heslo" in letter.subject.replace(_SPACES, " ")
        assert letter.body.startswith("Dobrý den,")


class TestNoEnglishIsLeft:
    """Every page that a person's links lead to, and every form as it answers to nothing filled in."""

    def test_for_a_customer(self, ada: Customer, grace: Customer) -> None:
        frozen = an_account(5_00, customer_id=ada.customer_id, name="Úspory")
        do(FreezeAccount(account_id=frozen, reason="Ztracená karta", **envelope()))
        do(transfer(ada.account_id, grace.account_id, 5_00, reference="Oběd"))
        add_payee(ada.customer_id, "Babička", grace.account.iban)
        with suppress(InsufficientFunds):
            handle(withdraw(ada.account_id, 10**9), by=policy.actor_of(ada.user, "web"))
        drain()
        _assert_all_czech(
            czech(ada.user), ["/", f"/accounts/{ada.account_id}?from=x&min=y", f"/receipts/{frozen}"], least=25
        )

    @pytest.mark.parametrize("role", [Role.TELLER, Role.AUDITOR, Role.OPERATIONS])
    def test_for_staff(self, ada: Customer, role: Role) -> None:
        do(deposit(ada.account_id, 7_77, at=timezone.now()))
        drain()
        starts = [
            "/",
            "/security",
            "/reports/daily-flows?from=x",
            f"/customers/{ada.customer_id}",
            "/webhooks/register",
        ]
        _assert_all_czech(czech(a_login("worker", role)), starts, least=8)

    def test_for_a_stranger(self, bank: None) -> None:
        _assert_all_czech(
            czech(), ["/sign-in", "/password/forgotten", "/password/new/x-y", "/invitations/x", "/nowhere"], least=5
        )


def _assert_all_czech(browser: Browser, starts: list[str], *, least: int) -> None:
    english = _known_english()
    seen: set[str] = set()
    left, found = list(starts), {}
    while left and len(seen) < _PAGES_AT_MOST:
        url = left.pop(0)
        shape = re.sub(r"[0-9a-f-]{36}|\d+|(draft|after|before|seen)=[^&]*", "ID", url)
        if shape in seen or url.startswith(_NO_CZECH) or ".csv" in url or ".txt" in url:
            continue
        seen.add(shape)
        page = browser.open(url)
        if page.status in {302, 303}:
            left.append(urljoin(url, page.response.headers["Location"]))
            continue
        pages = [page, *_answers_to_nothing(browser, page)]
        for one in pages:
            shown = Shown(one.html)
            if words := _english_on(shown, english):
                found[shape] = words
        left += [link for link in _own(url, Shown(page.html).links) if link not in left]
    assert found == {}
    assert len(seen) >= least, seen


def _answers_to_nothing(browser: Browser, page: Page) -> list[Page]:
    """What the page's form says to whoever presses Continue without having filled in anything."""
    forms = [form for form in page.forms if {"Pokračovat", "Najít klienta", "Vytvořit token"} & set(form.buttons)]
    return [
        browser.post(urljoin(page.url, form.action or urlsplit(page.url).path), _hidden(form.fields)) for form in forms
    ]


def _hidden(fields: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in fields.items() if name in {"csrfmiddlewaretoken", "ticket"}}


def _own(here: str, links: list[str]) -> list[str]:
    found = [urljoin(here, link).partition("#")[0] for link in links]
    return [link for link in found if link.startswith("/") and not link.startswith("//")]


def _english_on(shown: Shown, english: set[str]) -> list[str]:
    texts = [re.sub(r"\s+", " ", text).strip() for text in shown.texts]
    names = {f"Projekce {projection.name} · Passbook" for projection in projections()}  # of code, in titles
    words = [text for text in texts if _ENGLISH.search(text) and text not in _SCOPES | names]
    return words + [text for text in texts if text in english]


def _known_english() -> set[str]:
    """The English of every string that is another one in Czech."""
    return {m.id for m in catalogue("cs", "po") if m.id and isinstance(m.id, str) and m.string != m.id}
