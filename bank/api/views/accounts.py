"""/accounts: opening, looking up, and an account as it once was."""

from datetime import date
from typing import Any
from uuid import UUID

from django.urls import reverse
from rest_framework.request import Request

from accounts.account import Account
from accounts.money import parse_amount
from bank.access_records.recording import Look
from bank.api import building, past
from bank.api.access import account_in_path, leave_records, require_role, sees_all_customers
from bank.api.answers import Answer
from bank.api.base import ApiView, user_of
from bank.api.bodies import (
    AccountBody,
    MovementBody,
    WithAsOfBody,
    account_body,
    as_of_body,
    movement_body,
    row_body,
)
from bank.api.commanding import CommandView, created
from bank.api.freshness import check_token
from bank.api.paging import key_of_cursor, page_body
from bank.api.preconditions import etag, is_unchanged
from bank.api.problems import bad_request, not_found, unavailable
from bank.api.requests import AccountQuery, MovementsQuery, OpenAccountRequest, PageQuery
from bank.api.schema.kinds import ConsistencyToken, Id
from bank.api.schema.operation import Operation, Page
from bank.api.scopes import Scope
from bank.identity import policy
from readmodels import balances, customers, movements
from readmodels.balances import AccountRow
from readmodels.freshness import as_of_lately
from readmodels.movements import MovementFilter


class OpenedBody(AccountBody):
    """The new account, and how to ask for what opened it."""

    command_id: Id
    consistency_token: ConsistencyToken | None


class AccountsView(CommandView):
    """Staff open accounts and list all of them; a customer lists the own ones."""

    scopes = {"GET": (Scope.ACCOUNTS_READ,), "POST": (Scope.CUSTOMERS_WRITE,)}
    parameters = {"GET": PageQuery()}
    body_form = OpenAccountRequest()
    contract = {
        "GET": Operation(id="listAccounts", summary="A page of accounts", answer=Page(item=AccountBody)),
        "POST": Operation(
            id="openAccount",
            summary="The account as opened",
            description="Opens an account for a customer, in one currency for ever. Staff only.",
            answer=OpenedBody,
            status=201,
            problems={
                404: ("customer_not_found",),
                409: ("account_already_opened", "customer_erased", "iban_taken", "id_taken"),
                422: ("currency_mismatch",),
            },
            headers=("ETag", "Location", "Consistency-Token", "Idempotency-Replayed"),
            example={
                "customer_id": "324c8a76-3bc6-501f-bdae-f8c77ccdd20b",
                "name": "Everyday",
                "currency": "EUR",
                "overdraft_limit": {"amount": "100.00", "currency": "EUR"},
            },
        ),
    }

    def get(self, request: Request) -> Answer:
        user = user_of(request)
        limit = self.query["limit"]
        after = key_of_cursor(request, self.query)
        rows = balances.page(
            limit + 1,
            after=UUID(after) if after else None,
            customer_id=None if sees_all_customers(user) else policy.customer_of(user),
        )
        leave_records(request, [Look(row.customer_id, row.account_id) for row in rows[:limit]])
        return Answer(page_body(request, rows, limit, body=row_body, key=lambda row: row.account_id))

    def post(self, request: Request) -> Answer:
        require_role(policy.may_serve_customers(user_of(request)))
        intent = self.read_intent(request, self.body_form)
        customer = customers.find(intent.values["customer_id"])
        if customer is None:
            raise not_found("customer_not_found", "There is no such customer.", "/customer_id")
        command = building.open_account(intent)
        outcome = self.carry_out(request, command, intent)
        version = outcome.versions[command.account_id]
        account = outcome.accounts[command.account_id]
        body: OpenedBody = {
            **account_body(account, version=version, customer_name=customer.name),
            "command_id": str(outcome.command_id),
            "consistency_token": outcome.consistency_token,
        }
        return created(body, outcome, version=version, location=reverse("api:account", args=[command.account_id]))


class AccountView(ApiView):
    """One account, now, at a version or at a moment."""

    scopes = {"GET": (Scope.ACCOUNTS_READ,)}
    parameters = {"GET": AccountQuery()}
    contract = {
        "GET": Operation(
            id="showAccount",
            summary="An account",
            answer=AccountBody,
            problems={400: ("conflicting_parameters",), 404: ("account_not_found", "version_not_found")},
            takes=("If-None-Match",),
            headers=("ETag",),
        )
    }

    def get(self, request: Request, account_id: str) -> Answer:
        row = account_in_path(request, account_id)
        body = _earlier(row, self.query) if self.query else row_body(row)
        tag = etag(body["version"])
        if is_unchanged(request.META.get("HTTP_IF_NONE_MATCH"), tag):
            return Answer(status=304, headers={"ETag": tag})
        return Answer(body, headers={"ETag": tag})


class MovementsView(ApiView):
    """What came and went, newest first; right at once: what the workers have not got to (`as_of`) is folded live."""

    scopes = {"GET": (Scope.ACCOUNTS_READ,)}
    parameters = {"GET": MovementsQuery()}
    contract = {
        "GET": Operation(
            id="listTransactions",
            summary="A page of the account's statement",
            answer=Page(item=MovementBody, more=WithAsOfBody),
            problems={404: ("account_not_found",)},
        )
    }

    def get(self, request: Request, account_id: str) -> Answer:
        row = account_in_path(request, account_id)
        limit = self.query["limit"]
        before = key_of_cursor(request, self.query)
        filters = MovementFilter(
            from_date=self.query.get("from"),
            to_date=_unless_last(self.query.get("to")),
            kind=self.query.get("kind"),
            min_minor=self._minor("min_amount", row),
            max_minor=self._minor("max_amount", row),
            text=self.query.get("q", ""),
        )
        check_token(self.query)
        place = int(before) if before else None
        as_of = as_of_lately(movements.PROJECTION.name)
        rows = movements.page(row.account_id, limit + 1, before=place, filters=filters, version=row.version)
        page = page_body(request, rows, limit, body=movement_body, key=lambda m: m.stream_position)
        return Answer({**page, "as_of": as_of_body(as_of)})

    def _minor(self, name: str, row: AccountRow) -> int | None:
        text = self.query.get(name)
        return None if text is None else parse_amount(text, row.currency, allow_zero=True, field=name).minor


def _unless_last(day: date | None) -> date | None:
    """Up to the last day of the calendar is up to any day; the day behind it, which a range needs, does not exist."""
    return None if day == date.max else day


def _earlier(row: AccountRow, query: dict[str, Any]) -> AccountBody:
    """The account folded from its events up to a version or a moment."""
    if len(query) > 1:
        raise bad_request("conflicting_parameters", "Ask for a version or for a moment, not for both.")
    stream = past.find(row.account_id)
    then = past.then(stream, version=query.get("version"), as_of=query.get("as_of")) if stream is not None else None
    if then is None:
        raise not_found("version_not_found", "The account was not at that version, or not open yet at that moment.")
    if not isinstance(then.state, Account):
        raise unavailable("unavailable", "One of the account's events up to there cannot be read just now.")
    return account_body(then.state, version=then.version, customer_name=row.customer_name)
