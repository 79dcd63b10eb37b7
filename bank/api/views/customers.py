"""/customers: registering and looking up."""

from uuid import UUID

from django.urls import reverse
from rest_framework.request import Request

from bank.access_records.recording import Look
from bank.api import building
from bank.api.access import leave_records, require_role, sees_all_customers
from bank.api.answers import Answer
from bank.api.base import ApiView, user_of
from bank.api.bodies import CustomerBody, customer_body, registered_body
from bank.api.commanding import CommandView, created
from bank.api.fields import parse_uuid
from bank.api.paging import key_of_cursor, page_body
from bank.api.problems import not_found
from bank.api.requests import PageQuery, RegisterCustomerRequest
from bank.api.schema.kinds import ConsistencyToken, Id
from bank.api.schema.operation import Operation, Page
from bank.api.scopes import Scope
from bank.identity import policy
from readmodels import customers


class RegisteredBody(CustomerBody):
    """The new customer, and how to ask for what registered it."""

    command_id: Id
    consistency_token: ConsistencyToken | None


class CustomersView(CommandView):
    """Staff register and list customers; a customer's list has one row."""

    scopes = {"GET": (Scope.ACCOUNTS_READ,), "POST": (Scope.CUSTOMERS_WRITE,)}
    parameters = {"GET": PageQuery()}
    body_form = RegisterCustomerRequest()
    contract = {
        "GET": Operation(id="listCustomers", summary="A page of customers", answer=Page(item=CustomerBody)),
        "POST": Operation(
            id="registerCustomer",
            summary="The customer as registered",
            description="Registers a person as a customer. Staff only. `email` may be empty.",
            answer=RegisteredBody,
            status=201,
            problems={409: ("customer_already_registered", "id_taken")},
            headers=("Location", "Consistency-Token", "Idempotency-Replayed"),
            example={"name": "Ada Lovelace", "email": "ada@example.org"},
        ),
    }

    def get(self, request: Request) -> Answer:
        user = user_of(request)
        limit = self.query["limit"]
        after = key_of_cursor(request, self.query)
        if sees_all_customers(user):
            rows = customers.page(limit + 1, after=UUID(after) if after else None)
        else:
            own = policy.customer_of(user)
            row = customers.find(own) if own and after is None else None
            rows = [row] if row else []
        leave_records(request, [Look(row.customer_id) for row in rows[:limit]])
        return Answer(page_body(request, rows, limit, body=customer_body, key=lambda row: row.customer_id))

    def post(self, request: Request) -> Answer:
        require_role(policy.may_serve_customers(user_of(request)))
        intent = self.read_intent(request, self.body_form)
        command = building.register_customer(intent)
        outcome = self.carry_out(request, command, intent)
        body: RegisteredBody = {
            **registered_body(outcome),
            "command_id": str(outcome.command_id),
            "consistency_token": outcome.consistency_token,
        }
        return created(body, outcome, location=reverse("api:customer", args=[command.customer_id]))


class CustomerView(ApiView):
    """Staff, or the customer."""

    scopes = {"GET": (Scope.ACCOUNTS_READ,)}
    contract = {
        "GET": Operation(
            id="showCustomer",
            summary="A customer",
            answer=CustomerBody,
            problems={404: ("customer_not_found",)},
        )
    }

    def get(self, request: Request, customer_id: str) -> Answer:
        user = user_of(request)
        wanted = parse_uuid(customer_id)
        is_visible = wanted is not None and (policy.may_see_customers(user) or policy.customer_of(user) == wanted)
        row = customers.find(wanted) if wanted is not None and is_visible else None
        if row is None:
            raise not_found("customer_not_found", "There is no such customer.")
        leave_records(request, [Look(row.customer_id)])
        return Answer(customer_body(row))
