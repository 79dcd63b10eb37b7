"""Which role gets where: one table, and every address with somebody else's ids in it."""

from collections.abc import Iterator
from urllib.parse import quote
from uuid import UUID

import pytest
from django.urls import URLPattern, resolve, reverse

from accounts.webhook_commands import SendWebhookTest
from bank.identity import urls as identity_urls
from bank.identity.models import Role, User
from bank.web.pages.home import OWN_TASKS
from bank.web.reports.catalogue import REPORTS
from bank.web.tasks.catalogue import ACCOUNT_TASKS
from bank.web.tasks.levers import PARKED_TASKS, PROJECTION_TASKS
from bank.web.tasks.webhooks import ENDPOINT_TASKS
from bank.web.urls import urlpatterns
from ledger.ids import new_id
from ledger.runner import drain
from tests.web.pages import Browser, location
from tests.web.people import Customer, a_login, add_payee
from tests.webhooks.steps import about, an_endpoint

pytestmark = pytest.mark.django_db(transaction=True)

WHO = ("anonymous", "ada", "grace", "teller", "auditor", "operations", "admin", "nobody")
SIGN_IN, SEEN, AWAY, STRAIGHT_ON, NO, NONE = 302, 200, 302, 303, 403, 404
# What each of WHO gets, in that order; {a} is ada's account, {c} ada's customer, {p} a payee of hers, {e} a webhook
# endpoint, {m} an event that is delivered to it, {o} a command. Straight on: a task without anything to
# fill in leads to its check page.
SCREENS = {
    "/": (SIGN_IN, SEEN, SEEN, AWAY, AWAY, AWAY, AWAY, SEEN),
    "/transfer": (SIGN_IN, AWAY, AWAY, AWAY, AWAY, AWAY, AWAY, AWAY),
    "/accounts/{a}": (SIGN_IN, SEEN, NONE, SEEN, SEEN, NONE, SEEN, NONE),
    "/balances": (SIGN_IN, SEEN, SEEN, NO, NO, NO, NO, NO),
    "/notifications": (SIGN_IN, SEEN, SEEN, NO, NO, NO, NO, NO),
    "/accounts/{a}/balance": (SIGN_IN, SEEN, NONE, SEEN, SEEN, NONE, SEEN, NONE),
    "/accounts/{a}/movements.csv": (SIGN_IN, SEEN, NONE, SEEN, SEEN, NONE, SEEN, NONE),
    "/accounts/{a}/movements/2": (SIGN_IN, SEEN, NONE, SEEN, SEEN, NONE, SEEN, NONE),
    "/accounts/{a}/movements/2/explained": (SIGN_IN, SEEN, NONE, SEEN, SEEN, NONE, SEEN, NONE),
    "/accounts/{a}/explained": (SIGN_IN, SEEN, NONE, SEEN, SEEN, NONE, SEEN, NONE),
    "/accounts/{a}/events/1": (SIGN_IN, SEEN, NONE, SEEN, SEEN, NONE, SEEN, NONE),
    "/accounts/{a}/deposit": (SIGN_IN, NO, NONE, SEEN, NO, NONE, SEEN, NONE),
    "/accounts/{a}/withdraw": (SIGN_IN, SEEN, NONE, SEEN, NO, NONE, SEEN, NONE),
    "/accounts/{a}/transfer": (SIGN_IN, SEEN, NONE, SEEN, NO, NONE, SEEN, NONE),
    "/accounts/{a}/rename": (SIGN_IN, SEEN, NONE, SEEN, NO, NONE, SEEN, NONE),
    "/accounts/{a}/freeze": (SIGN_IN, NO, NONE, SEEN, NO, NONE, SEEN, NONE),
    "/accounts/{a}/unfreeze": (SIGN_IN, NO, NONE, SEEN, NO, NONE, SEEN, NONE),
    "/accounts/{a}/overdraft": (SIGN_IN, NO, NONE, SEEN, NO, NONE, SEEN, NONE),
    "/accounts/{a}/close": (SIGN_IN, NO, NONE, SEEN, NO, NONE, SEEN, NONE),
    "/customers": (SIGN_IN, NO, NO, SEEN, SEEN, NO, SEEN, NO),
    "/customers/{c}": (SIGN_IN, NO, NO, SEEN, SEEN, NO, SEEN, NO),
    "/customers/register": (SIGN_IN, NO, NO, SEEN, NO, NO, SEEN, NO),
    "/customers/{c}/open-account": (SIGN_IN, NO, NO, SEEN, NO, NO, SEEN, NO),
    "/payees": (SIGN_IN, SEEN, SEEN, NO, NO, NO, NO, NO),
    "/payees/add": (SIGN_IN, SEEN, SEEN, NO, NO, NO, NO, NO),
    "/payees/{p}/remove": (SIGN_IN, STRAIGHT_ON, NONE, NO, NO, NO, NO, NO),
    "/security": (SIGN_IN, SEEN, SEEN, SEEN, SEEN, SEEN, SEEN, SEEN),
    "/security/app/add": (SIGN_IN, *[SEEN] * 7),
    "/security/app/remove": (SIGN_IN, *[NONE] * 7),
    "/security/recovery-codes": (SIGN_IN, *[NONE] * 7),
    "/security/recovery-codes.txt": (SIGN_IN, *[NONE] * 7),
    "/security/recovery-codes/new": (SIGN_IN, *[AWAY] * 7),
    "/security/passkeys/add": (SIGN_IN, *[SEEN] * 7),
    "/security/passkeys/1/remove": (SIGN_IN, *[NONE] * 7),
    "/security/tokens/make": (SIGN_IN, *[SEEN] * 7),
    "/security/password": (SIGN_IN, *[AWAY] * 7),  # these people have none yet
    "/webhooks": (SIGN_IN, NO, NO, NO, NO, SEEN, SEEN, NO),
    "/webhooks/register": (SIGN_IN, NO, NO, NO, NO, SEEN, SEEN, NO),
    "/webhooks/{e}": (SIGN_IN, NO, NO, NO, NO, SEEN, SEEN, NO),
    "/webhooks/{e}/deliveries/{m}": (SIGN_IN, NO, NO, NO, NO, SEEN, SEEN, NO),
    "/webhooks/{e}/disable": (SIGN_IN, NO, NO, NO, NO, SEEN, SEEN, NO),
    "/webhooks/{e}/remove": (SIGN_IN, NO, NO, NO, NO, SEEN, SEEN, NO),
    "/webhooks/{e}/rotate-secret": (SIGN_IN, NO, NO, NO, NO, SEEN, SEEN, NO),
    "/webhooks/{e}/replay": (SIGN_IN, NO, NO, NO, NO, SEEN, SEEN, NO),
    "/webhooks/{e}/test": (SIGN_IN, NO, NO, NO, NO, STRAIGHT_ON, STRAIGHT_ON, NO),
    "/webhooks/{e}/enable": (SIGN_IN, NO, NO, NO, NO, STRAIGHT_ON, STRAIGHT_ON, NO),
    "/webhooks/{e}/deliveries/{m}/replay": (SIGN_IN, NO, NO, NO, NO, STRAIGHT_ON, STRAIGHT_ON, NO),
    "/audit": (SIGN_IN, NO, NO, NO, SEEN, NO, SEEN, NO),
    "/audit/events": (SIGN_IN, NO, NO, NO, SEEN, NO, SEEN, NO),
    "/audit/events/1": (SIGN_IN, NO, NO, NO, SEEN, NO, SEEN, NO),
    "/audit/events/1/proof.json": (SIGN_IN, NO, NO, NO, 409, NO, 409, NO),  # nothing is signed here
    **dict.fromkeys(
        [
            "/audit/streams",
            *(f"/audit/streams/{{a}}{page}" for page in ("", "/difference", "/balance")),
            "/audit/correlations/{o}",
        ],
        (SIGN_IN, NO, NO, NO, SEEN, NO, SEEN, NO),
    ),
    "/audit/commands": (SIGN_IN, NO, NO, NO, SEEN, NO, SEEN, NO),
    "/audit/commands/{o}": (SIGN_IN, NO, NO, NO, SEEN, NO, SEEN, NO),
    "/audit/refusals": (SIGN_IN, NO, NO, NO, SEEN, NO, SEEN, NO),
    "/audit/refusals.csv": (SIGN_IN, NO, NO, NO, SEEN, NO, SEEN, NO),
    "/audit/actors": (SIGN_IN, NO, NO, NO, SEEN, NO, SEEN, NO),
    "/audit/actors/system:test": (SIGN_IN, NO, NO, NO, SEEN, NO, SEEN, NO),
    "/audit/verification": (SIGN_IN, NO, NO, NO, SEEN, NO, SEEN, NO),
    "/audit/verification/00000000-0000-7000-8000-000000000001": (SIGN_IN, NO, NO, NO, NONE, NO, NONE, NO),
    "/audit/exports": (SIGN_IN, NO, NO, NO, SEEN, NO, SEEN, NO),
    "/audit/exports/00000000-0000-7000-8000-000000000001": (SIGN_IN, NO, NO, NO, NONE, NO, NONE, NO),
    "/access-records": (SIGN_IN, NO, NO, NO, SEEN, NO, SEEN, NO),
    "/styleguide": (NONE,) * 8,  # for developers: no running bank has it
    "/dashboard": (SIGN_IN, NO, NO, SEEN, SEEN, SEEN, SEEN, NO),
    **dict.fromkeys(
        [
            "/system",
            "/system/commands/Deposit",
            "/system/deciders/account",
            "/system/events/DepositMade",
            "/system/projections/balances",
            "/system/screens/accounts",
            "/system/calls",
            "/system/words",
        ],
        (SIGN_IN, NO, NO, SEEN, SEEN, SEEN, SEEN, NO),
    ),
    "/reports": (SIGN_IN, NO, NO, SEEN, SEEN, SEEN, SEEN, NO),
    **dict.fromkeys(
        [f"/reports/{book}{kind}" for book in ("trial-balance", "general-ledger", "journal") for kind in ("", ".csv")],
        (SIGN_IN, NO, NO, SEEN, SEEN, SEEN, SEEN, NO),
    ),
    **dict.fromkeys(
        [
            "/operations",
            "/operations/projections",
            "/operations/projections/daily_flows",
            "/operations/jobs",
            "/operations/machinery",
            "/operations/runbook",
        ],
        (SIGN_IN, NO, NO, NO, NO, SEEN, SEEN, NO),
    ),
    **{
        f"/operations/projections/daily_flows/{task.slug}": (SIGN_IN, *[NO] * 4, STRAIGHT_ON, STRAIGHT_ON, NO)
        for task in PROJECTION_TASKS
    },
    **{  # nothing is parked here
        f"/operations/projections/daily_flows/parked/1/{task.slug}": (SIGN_IN, *[NO] * 4, NONE, NONE, NO)
        for task in PARKED_TASKS
    },
    "/operations/reconciliation": (SIGN_IN, NO, NO, NO, SEEN, SEEN, SEEN, NO),
    **{f"/reports/{report.path}": (SIGN_IN, NO, NO, SEEN, SEEN, SEEN, SEEN, NO) for report in REPORTS},
    **{f"/reports/{report.path}.csv": (SIGN_IN, NO, NO, SEEN, SEEN, SEEN, SEEN, NO) for report in REPORTS},
}
NAVIGATION = {
    "ada": ["Overview", "Transfer", "Notifications"],
    "teller": ["Customers", "Reports", "System"],
    "auditor": ["Customers", "Reports", "Audit", "System"],
    "operations": ["Reports", "Operations", "System"],
    "admin": ["Customers", "Reports", "Operations", "Audit", "System"],
    "nobody": [],
}
NAVIGATION = {who: [*words, "Security"] for who, words in NAVIGATION.items()}
# What a POST without anything in it gets: it changes nothing, and says who may come in at all.
SENT = {
    "/sign-in": (422, AWAY, AWAY, AWAY, AWAY, AWAY, AWAY, AWAY),
    "/sign-in/again": (SIGN_IN, *[NO] * 7),  # without a password there is nothing to ask again
    "/sign-in/again/code": (SIGN_IN, *[NO] * 7),
    "/sign-in/again/passkey": (SIGN_IN, *[NO] * 7),
    "/sign-in/second-factor": (AWAY, *[AWAY] * 7),
    "/sign-in/passkey": (AWAY, *[AWAY] * 7),
    "/security/second-factors": (SIGN_IN, *[AWAY] * 7),
    "/security/sessions/999999999/end": (SIGN_IN, *[NONE] * 7),
    "/security/sessions/end-others": (SIGN_IN, *[303] * 7),
    "/customers/00000000-0000-7000-8000-000000000001/invite": (SIGN_IN, NO, NO, NONE, NO, NO, NONE, NO),
    "/audit/exports/00000000-0000-7000-8000-000000000001/download": (SIGN_IN, NO, NO, NO, NONE, NO, NONE, NO),
    "/invitations/forged": (410,) * 8,
    "/password/forgotten": (422, 422, 422, 422, 422, 422, 422, 422),
    "/sign-out": (302, 302, 302, 302, 302, 302, 302, 302),
    "/language": (303, 303, 303, 303, 303, 303, 303, 303),
    "/theme": (303, 303, 303, 303, 303, 303, 303, 303),
    "/iban-hint": (SIGN_IN, SEEN, SEEN, SEEN, SEEN, SEEN, SEEN, SEEN),
    "/webhooks/secrets/00000000-0000-7000-8000-000000000001": (SIGN_IN, NO, NO, NO, NO, NONE, NONE, NO),
    "/security/tokens/999999999/revoke": (SIGN_IN, NONE, NONE, NONE, NONE, NONE, NONE, NONE),
}
# Check pages: whoever may not open the form may not open them either; without a draft they lead back to it.
CHECKS = [
    *(f"/accounts/{{a}}/{task.slug}" for task in ACCOUNT_TASKS),
    "/customers/register",
    "/customers/{c}/open-account",
    "/payees/add",
    "/payees/{p}/remove",
    "/webhooks/register",
    *(f"/webhooks/{{e}}/{task.slug}" for task in ENDPOINT_TASKS),
    "/webhooks/{e}/deliveries/{m}/replay",
    *(f"/operations/projections/daily_flows/{task.slug}" for task in PROJECTION_TASKS),
    *(f"/operations/projections/daily_flows/parked/1/{task.slug}" for task in PARKED_TASKS),
]
# Tested by themselves: receipts below, and choosing an account where a customer has several.
BY_THEMSELVES = {
    *("receipt", "receipt_slip", "account_reset_password_done", "account_reset_password_from_key"),
    *("account_reset_password_from_key_done", *(f"choose_{task.name}" for task in OWN_TASKS)),
}
# Doors that lead elsewhere, and who gets 200 there.
OUTSIDE = {
    "/admin/": set(),  # roles do not open it by themselves: Django's own flag does
    "/favicon.ico": set(),
    "/livez": set(WHO),
    "/readyz": set(WHO),
}


@pytest.fixture
def people(ada: Customer, grace: Customer) -> dict[str, User]:
    staff = {role: a_login(role, Role(role)) for role in ("teller", "auditor", "operations", "admin")}
    return {"ada": ada.user, "grace": grace.user, "nobody": a_login("nobody"), **staff}


def browser_of(people: dict[str, User], who: str) -> Browser:
    return Browser() if who == "anonymous" else Browser.signed_in(people[who])


def places(ada: Customer) -> dict[str, UUID]:
    """What stands for the letters in addresses."""
    endpoint_id, _ = an_endpoint("https://hooks.example.com/")
    tested = about(SendWebhookTest, endpoint_id)
    drain()
    payee_id = add_payee(ada.customer_id, "Ada", ada.account.iban)
    return {
        "p": payee_id,
        "a": ada.account_id,
        "c": ada.customer_id,
        "e": endpoint_id,
        "m": tested.events[0].id,
        "o": tested.command_id,
    }


def test_every_role_gets_what_the_policy_says(people: dict[str, User], ada: Customer) -> None:
    got = {}
    letters = places(ada)
    for address in SCREENS:
        url = address.format(**letters)
        got[address] = tuple(browser_of(people, who).open(url).status for who in WHO)
    assert got == SCREENS


def test_every_address_of_the_pages_is_in_a_table() -> None:
    listed = [*SCREENS, *SENT, *(f"{form}/check" for form in CHECKS)]
    paths = [
        address.format(a=new_id(), c=new_id(), e=new_id(), m=new_id(), p=new_id(), o=new_id()) for address in listed
    ]
    names = {resolve(path).url_name for path in paths} | BY_THEMSELVES | {resolve("/favicon.ico").url_name}
    assert {pattern.name for pattern in [*urlpatterns, *identity_urls.urlpatterns]} == names


def test_what_is_sent_gets_in_where_the_policy_says(people: dict[str, User], ada: Customer) -> None:
    got = {url: tuple(browser_of(people, who).post(url, {}).status for who in WHO) for url in SENT}
    assert got == SENT


def test_a_check_page_is_no_way_around_its_form(people: dict[str, User], ada: Customer) -> None:
    letters = places(ada)
    for form in CHECKS:
        url = form.format(**letters)
        for who in WHO:
            browser, may_open = browser_of(people, who), SCREENS[form][WHO.index(who)]
            for status in (browser.open(f"{url}/check").status, browser.post(f"{url}/check", {}).status):
                assert status == (400 if may_open in {SEEN, STRAIGHT_ON} else may_open), (url, who, status)


def test_doors_that_lead_elsewhere(people: dict[str, User], ada: Customer) -> None:
    got = {url: {who for who in WHO if browser_of(people, who).open(url).status == 200} for url in OUTSIDE}
    assert got == OUTSIDE


def test_who_is_not_signed_in_is_asked_to_and_led_back(people: dict[str, User], ada: Customer) -> None:
    for address in (address for address, got in SCREENS.items() if got[0] == SIGN_IN):
        url = address.format(a=ada.account_id, c=ada.customer_id, e=new_id(), m=new_id(), p=new_id(), o=new_id())
        assert location(Browser().open(url)) == f"/sign-in?next={quote(url)}"


def test_the_navigation_shows_only_what_a_role_may_do(people: dict[str, User]) -> None:
    for who, expected in NAVIGATION.items():
        browser = browser_of(people, who)
        page = browser.open("/")
        page = browser.follow(page) if page.status == 302 else page
        known = {word for words in NAVIGATION.values() for word in words}
        assert [words for words in page.links if words in known] == expected, who


def test_a_customer_finds_no_account_but_the_own_ones(people: dict[str, User], ada: Customer, grace: Customer) -> None:
    """Every path that names an account, also with an id that nobody has, by GET and by POST: 404, not 403."""
    browser = Browser.signed_in(grace.user)
    for account_id in (ada.account_id, new_id()):
        for url in paths_of_an_account(account_id):
            assert browser.open(url).status == 404, url
            assert browser.post(url, {"amount": "1", "draft": "x", "ticket": "x"}).status == 404, url
    assert ada.account.balance_minor == 500_00


def paths_of_an_account(account_id: UUID) -> Iterator[str]:
    for pattern in urlpatterns:
        assert isinstance(pattern, URLPattern)
        converters = pattern.pattern.converters
        if "account_id" in converters:
            extra = {"stream_position": 2} if "stream_position" in converters else {}
            yield reverse(f"web:{pattern.name}", kwargs={"account_id": account_id, **extra})


def test_a_receipt_is_for_who_sent_the_command_and_for_auditors(people: dict[str, User], ada: Customer) -> None:
    receipt = Browser.signed_in(ada.user).do(f"/accounts/{ada.account_id}/withdraw", "Withdraw now", amount="5").url
    seen = {who: browser_of(people, who).open(receipt).status for who in WHO}
    assert seen == {
        "anonymous": 302,
        "ada": 200,
        "grace": 404,
        "teller": 404,
        "auditor": 200,
        "operations": 404,
        "admin": 200,
        "nobody": 404,
    }
    assert {who: browser_of(people, who).open(f"{receipt}/slip").status for who in WHO} == seen
    assert browser_of(people, "ada").open(f"/receipts/{new_id()}").status == 404
    assert browser_of(people, "ada").open(f"/receipts/{new_id()}/slip").status == 404


def test_a_customer_role_without_a_customer_owns_nothing(bank: None, ada: Customer) -> None:
    browser = Browser.signed_in(a_login("empty", Role.CUSTOMER))
    assert browser.open(f"/accounts/{ada.account_id}").status == 404
    assert "no role" in browser.open("/").text


def test_a_customer_id_without_the_role_owns_nothing(bank: None, ada: Customer) -> None:
    browser = Browser.signed_in(a_login("former", customer_id=ada.customer_id))
    assert browser.open(f"/accounts/{ada.account_id}").status == 404


def test_a_person_who_is_switched_off_is_out_at_once(ada: Customer) -> None:
    browser = Browser.signed_in(ada.user)
    ada.user.is_active = False
    ada.user.save()
    assert browser.open(f"/accounts/{ada.account_id}").status == 302


def test_a_swap_inside_a_page_reloads_the_whole_page_when_the_session_is_over(bank: None) -> None:
    response = Browser().client.get("/reports/daily-flows", headers={"HX-Request": "true"})
    assert response.status_code == 204
    assert response.headers["HX-Refresh"] == "true"
