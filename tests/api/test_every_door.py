"""Every call of the API, for every role, with the own and with other people's ids, with and without the scope."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.webhook_commands import DisableWebhookEndpoint, SendWebhookTest
from bank import urls as root
from bank.api import urls
from bank.api.scopes import Scope
from bank.api.tokens import issue_token
from bank.identity.models import Role, User
from ledger import checkpoints
from ledger.projections import async_projection
from ledger.runner import drain
from tests.api.client import Api, eur
from tests.api.given import Account, a_customer, a_user, an_account, api_of
from tests.webhooks.steps import about, an_endpoint

pytestmark = pytest.mark.django_db

CASH = {"amount": eur("1")}
TRANSFER_OUT = {"from": "{account}", "to": "{other}", "amount": eur("1")}
STAFF = {"teller", "admin"}
DESK_OR_OWN = {"cash:write", "payments:write"}
OPERATORS = {"operations", "admin"}
SEERS = STAFF | {"auditor"}


@dataclass(frozen=True)
class Call:
    """A call, and who gets what. Roles that are named neither in `ok` nor in `hidden` get 403.

    `own`: the owner gets `ok` too. `hidden`: those to whom the resource does not exist (404).
    `scopes`: any one of them is needed.
    """

    method: str
    path: str
    ok: int
    roles: set[str]
    own: bool
    scopes: set[str]
    body: object = None
    hidden: frozenset[str] = frozenset()
    name: str = ""


NOT_SEERS = frozenset({"operations"})
CALLS = {
    "me": [Call("GET", "/me", 200, set(Role), True, set())],
    "customers": [
        Call("GET", "/customers", 200, SEERS, True, {"accounts:read"}),
        Call("POST", "/customers", 201, STAFF, False, {"customers:write"}, {"name": "Eve", "email": ""}),
    ],
    "customer": [Call("GET", "/customers/{customer}", 200, SEERS, True, {"accounts:read"}, hidden=NOT_SEERS)],
    "accounts": [
        Call("GET", "/accounts", 200, SEERS, True, {"accounts:read"}),
        Call("POST", "/accounts", 201, STAFF, False, {"customers:write"},
             {"customer_id": "{customer}", "name": "Savings", "currency": "EUR"}),
    ],
    "account": [Call("GET", "/accounts/{account}", 200, SEERS, True, {"accounts:read"}, hidden=NOT_SEERS)],
    "transactions": [
        Call("GET", "/accounts/{account}/transactions", 200, SEERS, True, {"accounts:read"}, hidden=NOT_SEERS)
    ],
    "deposits": [
        Call("POST", "/accounts/{account}/deposits", 201, STAFF, False, {"cash:write"}, CASH, NOT_SEERS),
    ],
    "withdrawals": [
        Call("POST", "/accounts/{account}/withdrawals", 201, STAFF, True, DESK_OR_OWN, CASH, NOT_SEERS),
    ],
    "freeze": [Call("POST", "/accounts/{account}/freeze", 201, STAFF, False, {"customers:write"}, {}, NOT_SEERS)],
    "unfreeze": [Call("POST", "/accounts/{frozen}/unfreeze", 201, STAFF, False, {"customers:write"}, {}, NOT_SEERS)],
    "close": [Call("POST", "/accounts/{empty}/close", 201, STAFF, False, {"customers:write"}, {}, NOT_SEERS)],
    "overdraft-limit": [
        Call("POST", "/accounts/{account}/overdraft-limit", 201, STAFF, False, {"customers:write"},
             {"overdraft_limit": eur("1")}, NOT_SEERS)
    ],
    "transfers": [
        Call("POST", "/transfers", 201, STAFF, True, DESK_OR_OWN, TRANSFER_OUT, NOT_SEERS)
    ],
    "batches": [Call("POST", "/batches", 201, STAFF, False, {"cash:write"},
                     [{"type": "Deposit", "idempotency_key": "door", "account_id": "{account}", **CASH}])],
    "command": [Call("GET", "/commands/{command}", 200, {"auditor", "admin"}, True, set(),
                     hidden=frozenset({"teller", "operations"}))],
    "events": [Call("GET", "/events", 200, {"auditor", "admin"}, False, {"audit:read"})],
    "event": [Call("GET", "/events/1", 200, {"auditor", "admin"}, False, {"audit:read"})],
    "stream": [Call("GET", "/streams/{account}", 200, {"auditor", "admin"}, False, {"audit:read"})],
    "stream-events": [Call("GET", "/streams/{account}/events", 200, {"auditor", "admin"}, False, {"audit:read"})],
    "verification": [Call("GET", "/ledger/verification", 200, {"auditor", "admin"}, False, {"audit:read"})],
    "checkpoints": [Call("GET", "/ledger/checkpoints", 200, {"auditor", "admin"}, False, {"audit:read"})],
    "projections": [Call("GET", "/projections", 200, OPERATORS, False, {"operations:write"})],
    "projection": [Call("GET", "/projections/balances", 200, OPERATORS, False, {"operations:write"})],
    "pause-projection": [Call("POST", "/projections/daily_flows/pause", 200, OPERATORS, False, {"operations:write"})],
    "resume-projection": [Call("POST", "/projections/daily_flows/resume", 200, OPERATORS, False, {"operations:write"})],
    "rebuild-projection": [
        Call("POST", "/projections/daily_flows/rebuild", 202, OPERATORS, False, {"operations:write"})
    ],
    "reports": [
        Call("GET", "/reports", 200, {"teller", "auditor", "operations", "admin"}, False, {"reports:read"})
    ],
    **{
        path.replace("_", "-").partition("?")[0]: [
            Call("GET", f"/reports/{path}", 200, {"teller", "auditor", "operations", "admin"}, False, {"reports:read"})
        ]
        for path in (
            *("activity", "average_balances", "balance_distribution", "cash_position", "daily_flows"),
            *("dormant_accounts", "general_ledger", "growth", "journal?currency=EUR"),
            *("largest_movements?currency=EUR", "refusals", "trial_balance"),
        )
    },
    "webhook-endpoints": [
        Call("GET", "/webhook-endpoints", 200, OPERATORS, False, {"operations:write"}),
        Call("POST", "/webhook-endpoints", 201, OPERATORS, False, {"operations:write"},
             {"url": "https://hooks.example.com/x"}),
    ],
    "webhook-endpoint": [Call("GET", "/webhook-endpoints/{endpoint}", 200, OPERATORS, False, {"operations:write"})],
    "disable-webhook": [Call("POST", "/webhook-endpoints/{endpoint}/disable", 201, OPERATORS, False,
                             {"operations:write"}, {"reason": "Moving"})],
    "enable-webhook": [Call("POST", "/webhook-endpoints/{disabled}/enable", 201, OPERATORS, False,
                            {"operations:write"})],
    "rotate-webhook": [Call("POST", "/webhook-endpoints/{endpoint}/rotate-secret", 201, OPERATORS, False,
                            {"operations:write"})],
    "delete-webhook": [Call("POST", "/webhook-endpoints/{endpoint}/delete", 201, OPERATORS, False,
                            {"operations:write"})],
    "test-webhook": [Call("POST", "/webhook-endpoints/{endpoint}/test", 201, OPERATORS, False, {"operations:write"})],
    "replay-webhook": [Call("POST", "/webhook-endpoints/{endpoint}/replay", 201, OPERATORS, False,
                            {"operations:write"}, {"since": "{now}"})],
    "deliveries": [Call("GET", "/webhook-endpoints/{endpoint}/deliveries", 200, OPERATORS, False,
                        {"operations:write"})],
    "delivery": [Call("GET", "/webhook-endpoints/{endpoint}/deliveries/{message}", 200, OPERATORS, False,
                      {"operations:write"})],
    "nothing": [],
}  # fmt: skip
EVERY_CALL = [pytest.param(call, id=f"{call.method} {call.path}") for calls in CALLS.values() for call in calls]
WITH_SCOPE = [
    pytest.param(call, id=f"{call.method} {call.path}") for calls in CALLS.values() for call in calls if call.scopes
]
FOREIGN = {"customer", "account", "transactions", "deposits", "withdrawals", "freeze", "unfreeze", "close",
           "overdraft-limit", "transfers", "command"}  # fmt: skip


@dataclass
class Places:
    """Things of one customer, by the names that paths and bodies use."""

    owner: User
    names: dict[str, str]

    def fill(self, value: object) -> object:
        if isinstance(value, str):
            return value.format(**self.names)
        if isinstance(value, dict):
            return {name: self.fill(inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [self.fill(inner) for inner in value]
        return value

    def send(self, api: Api, call: Call) -> int:
        path = str(self.fill(call.path))
        if call.method == "GET":
            return api.get(path).status
        return api.post(path, self.fill(call.body), key=str(uuid4())).status


def places_of(customer_id: UUID) -> Places:
    owner = a_user("customer", customer_id=customer_id)
    staff = api_of(a_user("teller"))
    frozen, empty, account = an_account(customer_id), an_account(customer_id), an_account(customer_id, 500_00)
    other: Account = an_account(a_customer())
    staff.post(f"{frozen.path}/freeze")
    endpoint_id, _ = an_endpoint("https://hooks.example.com/a")
    disabled_id, _ = an_endpoint("https://hooks.example.com/b")
    about(DisableWebhookEndpoint, disabled_id)
    tested = about(SendWebhookTest, endpoint_id)
    sent = api_of(owner).post(f"{account.path}/withdrawals", CASH)
    names = {
        "customer": customer_id,
        "account": account.id,
        "frozen": frozen.id,
        "empty": empty.id,
        "other": other.id,
        "command": sent.body["command_id"],
        "endpoint": endpoint_id,
        "disabled": disabled_id,
        "message": f"msg_{tested.events[0].id}",
        "now": timezone.now().isoformat(),
    }
    return Places(owner, {name: str(value) for name, value in names.items()})


@pytest.fixture
def mine() -> Iterator[Places]:
    yield places_of(a_customer())
    checkpoints.resume(async_projection("daily_flows"))  # one of the doors pauses it
    drain()


def test_every_url_of_the_api_is_in_the_table() -> None:
    assert {pattern.name for pattern in urls.urlpatterns} == set(CALLS)
    for pattern in urls.urlpatterns:
        view = pattern.callback.view_class  # type: ignore[attr-defined]
        methods = {method.upper() for method in ("get", "post", "put", "patch", "delete") if hasattr(view, method)}
        assert methods == {call.method for call in CALLS[str(pattern.name)]}


@pytest.mark.parametrize("role", [str(role) for role in Role if role != Role.CUSTOMER])
@pytest.mark.parametrize("call", EVERY_CALL)
def test_each_role_may_do_what_the_table_says(call: Call, role: str, mine: Places) -> None:
    drain()
    expected = call.ok if role in call.roles else 404 if role in call.hidden else 403
    # Every scope: what is left to decide is the role.
    assert mine.send(api_of(a_user(role), "*"), call) == expected


@pytest.mark.parametrize("call", EVERY_CALL)
def test_owners_may_do_what_the_table_says_to_what_is_theirs(call: Call, mine: Places) -> None:
    drain()
    assert mine.send(api_of(mine.owner, "*"), call) == (call.ok if call.own else 403)


@pytest.mark.parametrize("call", [p for p in EVERY_CALL if any(p.values[0] in CALLS[name] for name in FOREIGN)])
def test_what_is_another_customers_does_not_exist(call: Call, mine: Places) -> None:
    stranger = a_user("customer", customer_id=a_customer())
    assert mine.send(api_of(stranger, "*"), call) == 404


@pytest.mark.parametrize("call", EVERY_CALL)
def test_nobody_may_do_anything(call: Call, mine: Places) -> None:
    assert mine.send(Api(), call) == 401
    assert mine.send(Api("pbk_forged"), call) == 401
    assert mine.send(api_of(a_user(), "*"), call) in ({200} if call.path == "/me" else {403, 404})


@pytest.mark.parametrize("call", WITH_SCOPE)
def test_a_missing_scope_is_403(call: Call, mine: Places) -> None:
    admin = a_user("admin", "auditor", "customer", customer_id=UUID(mine.names["customer"]))
    lacking = [scope for scope in Scope if scope not in call.scopes and scope != Scope.ALL]
    if call.path.endswith("/deposits"):
        lacking.remove(Scope.PAYMENTS_WRITE)  # opens it for owners, where the bank lets them
    assert mine.send(api_of(admin, *lacking), call) == 403


@pytest.mark.parametrize("call", WITH_SCOPE)
def test_one_scope_is_enough(call: Call, mine: Places) -> None:
    drain()
    role = min(call.roles) if "auditor" not in call.roles else "auditor"
    for scope in call.scopes:
        if scope == "payments:write" and call.path.endswith("/withdrawals"):
            api = api_of(mine.owner, scope)
        else:
            api = api_of(a_user(role), scope)
        assert mine.send(api, call) == call.ok


@pytest.mark.parametrize("call", WITH_SCOPE)
def test_a_token_without_a_scope_opens_nothing(call: Call, mine: Places) -> None:
    admin = a_user("admin", "auditor", "customer", customer_id=UUID(mine.names["customer"]))
    _, secret = issue_token(admin, label="test", scopes=[], lifetime=timedelta(days=1))
    assert mine.send(Api(secret), call) == 403
    assert Api(secret).get("/me").status == 200


# Doors beside the resources: open to everybody, with a token or without.
BESIDE = {"/livez": 200, "/readyz": 200, "/metrics": None, "/api/schema/": 200, "/api/docs/": 200, "/admin/": 302,
          "/admin/login/": 302, "/admin/logout/": 307, "/admin/password_change/": 302}  # fmt: skip


def test_every_other_door_of_the_bank_is_known() -> None:
    inside = {"api/v1/", "admin/", "", "^api/"}
    known = {path.removeprefix("/") for path in BESIDE} | inside
    assert {str(getattr(door, "pattern", "")) for door in root.urlpatterns} == known


def test_doors_beside_the_resources_ask_for_no_token(settings: Settings) -> None:
    files = "django.contrib.staticfiles.storage.StaticFilesStorage"
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": files}}
    for path, status in BESIDE.items():
        for api in (Api(), Api("pbk_forged"), api_of(a_user("teller"))):
            headers = {} if api.token is None else {"Authorization": f"Bearer {api.token}"}
            answer = api.client.get(path, headers=headers)
            assert status is None or answer.status_code == status, path


def test_staff_pay_out_by_the_scope_of_the_cash_desk_only(mine: Places) -> None:
    (call,) = CALLS["withdrawals"]
    assert mine.send(api_of(a_user("teller"), "payments:write"), call) == 403
    assert mine.send(api_of(mine.owner, "cash:write"), call) == 403


def test_one_who_is_teller_and_customer_deposits_by_either_scope_where_the_bank_lets_owners(
    mine: Places, self_service: None
) -> None:
    (call,) = CALLS["deposits"]
    both = a_user("teller", "customer", customer_id=UUID(mine.names["customer"]))
    assert mine.send(api_of(both, "payments:write"), call) == 201
    assert mine.send(api_of(both, "cash:write"), call) == 201
    assert mine.send(api_of(both, "accounts:read"), call) == 403
    assert mine.send(api_of(a_user("teller"), "payments:write"), call) == 403
