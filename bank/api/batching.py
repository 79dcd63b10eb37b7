"""Carrying out a batch: from lines that were read to one outcome each."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Literal, TypedDict
from uuid import UUID

from accounts.command import Command
from accounts.customer import RegisterCustomer
from accounts.handler import Actor, handle_all
from accounts.invalid import InvalidCommand
from accounts.outcome import Outcome
from bank.api.access import account_not_found
from bank.api.batch_lines import KINDS, MAX_ERRORS, Line, in_line
from bank.api.bodies import CustomerBody, EventBody, ReceiptBody, receipt_body, recorded_form, registered_body
from bank.api.errors import problem_of, problem_of_refusal
from bank.api.problems import ErrorBody, InputError, Problem, invalid_input, not_found
from bank.api.schema.kinds import Code, ConsistencyToken, Id, ProblemStatus
from readmodels import parties
from readmodels.parties import Party

_OPENING, _TRANSFER = KINDS["OpenAccount"], KINDS["Transfer"]


class RefusalOfLineBody(TypedDict):
    """Why a line changed nothing, as in the problem of the single call."""

    code: Code
    detail: str
    errors: list[ErrorBody]


class ReceiptOfLineBody(ReceiptBody):
    """A line that was carried out: the receipt of the single call."""

    idempotency_key: str
    status: int


class RegisteredOfLineBody(TypedDict):
    """The line of a customer who was registered."""

    idempotency_key: str
    status: int
    command_id: Id
    outcome: Literal["accepted"]
    consistency_token: ConsistencyToken | None
    customer: CustomerBody
    events: list[EventBody]
    replayed: bool


class RefusedLineBody(TypedDict):
    """A line that was refused. `command_id` is null where the refusal is not on record."""

    idempotency_key: str
    status: ProblemStatus
    command_id: Id | None
    outcome: Literal["refused"]
    refusal: RefusalOfLineBody
    replayed: bool


LineBody = ReceiptOfLineBody | RegisteredOfLineBody | RefusedLineBody


def carry_out(lines: Sequence[Line], *, by: Actor, correlation_id: UUID) -> list[LineBody]:
    """Through the handler in order, each line seeing the effects of those before it; one outcome each.

    Raises Problem (400) before anything is done where a line cannot become a command. What names an account or a
    customer that does not exist is not handed on: as in single calls, that is not recorded.
    """
    known = _Known(lines)
    made = _commands(lines, known)
    sent = [(line, command) for line, command in zip(lines, made, strict=True) if isinstance(command, Command)]
    outcomes = iter(
        handle_all(
            [command for _, command in sent],
            by=by,
            correlation_id=correlation_id,
            fingerprints=[line.intent.fingerprint for line, _ in sent],
        )
    )
    return [
        _refused(line.key, command) if isinstance(command, Problem) else _outcome(line, command, next(outcomes), known)
        for line, command in zip(lines, made, strict=True)
    ]


class _Known:
    """The accounts and customers that the lines name: found in one query for each kind of name."""

    def __init__(self, lines: Sequence[Line]) -> None:
        names = {name for line in lines for _, name in _accounts_named(line)}
        self._by_id = parties.by_id([name for name in names if isinstance(name, UUID)])
        self._by_iban = parties.by_iban([name for name in names if isinstance(name, str)])
        holders = {line.intent.values["customer_id"] for line in lines if line.kind is _OPENING}
        self._customers = parties.customer_names(holders) if holders else {}

    def accounts(self, line: Line) -> list[Party]:
        """Those that the line names; raises Problem (404)."""
        found = []
        for pointer, name in _accounts_named(line):
            party = self._by_id.get(name) if isinstance(name, UUID) else self._by_iban.get(name)
            if party is None:
                raise account_not_found(pointer)
            found.append(party)
        return found

    def holder(self, line: Line) -> str:
        """The name of who holds the account that the line is about; raises Problem (404)."""
        if line.kind is not _OPENING:
            return self.accounts(line)[0].customer_name
        name = self._customers.get(line.intent.values["customer_id"])
        if name is None:
            raise not_found("customer_not_found", "There is no such customer.", "/customer_id")
        return name


def _accounts_named(line: Line) -> list[tuple[str, UUID | str]]:
    """Each with the pointer of its field, the one that the line is about first."""
    if line.account_id is not None:
        return [("/account_id", line.account_id)]
    values = line.intent.values
    return [("/from", values["from"]), ("/to", values["to"])] if line.kind is _TRANSFER else []


def _commands(lines: Sequence[Line], known: _Known) -> list[Command | Problem]:
    """The command of each line, or why it has none (404). Raises Problem (400)."""
    made: list[Command | Problem] = []
    errors: list[InputError] = []
    for number, line in enumerate(lines):
        try:
            made.append(_command(line, known))
        except (Problem, InvalidCommand) as error:
            problem = problem_of(error)
            assert problem is not None
            if problem.status == HTTPStatus.NOT_FOUND:
                made.append(problem)
            else:
                errors += in_line(number, problem)
                if len(errors) >= MAX_ERRORS:
                    break
    if errors:
        raise invalid_input(errors)
    return made


def _command(line: Line, known: _Known) -> Command:
    if line.kind is _OPENING:
        known.holder(line)
    return line.kind.build(line.intent, *(party.account_id for party in known.accounts(line)))


def _outcome(line: Line, command: Command, outcome: Outcome, known: _Known) -> LineBody:
    if outcome.refusal is not None:
        return _refused(line.key, problem_of_refusal(outcome.refusal), outcome)
    if isinstance(command, RegisterCustomer):
        return {
            "idempotency_key": line.key,
            "status": HTTPStatus.CREATED,
            "command_id": str(outcome.command_id),
            "outcome": "accepted",
            "consistency_token": outcome.consistency_token,
            "customer": registered_body(outcome),
            "events": [recorded_form(event) for event in outcome.events],
            "replayed": outcome.replayed,
        }
    # What the command is about comes first among the streams that it wrote.
    account_id = next(iter(outcome.accounts))
    receipt = receipt_body(outcome, account_id, known.holder(line))
    return {"idempotency_key": line.key, "status": HTTPStatus.CREATED, **receipt}


def _refused(key: str, problem: Problem, outcome: Outcome | None = None) -> RefusedLineBody:
    """`outcome` only where the refusal is on record: a key that was used for another request is on none."""
    is_recorded = outcome is not None and outcome.refusal is not None and outcome.refusal.code == problem.code
    return {
        "idempotency_key": key,
        "status": int(problem.status),
        "command_id": str(outcome.command_id) if outcome is not None and is_recorded else None,
        "outcome": "refused",
        "refusal": {
            "code": problem.code,
            "detail": problem.detail,
            "errors": [error.body() for error in problem.errors],
        },
        "replayed": outcome is not None and is_recorded and outcome.replayed,
    }
