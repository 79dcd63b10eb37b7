"""The record itself: commands, and one event of the sealed book."""

from rest_framework.request import Request

from accounts.refusals import Refused
from bank.access_records.recording import looks_at_streams
from bank.api.access import leave_records, require_role
from bank.api.answers import Answer
from bank.api.base import ApiView, credential_of, user_of
from bank.api.bodies import ChainedBody, ChainedEventBody, CommandBody, RefusalBody, event_body
from bank.api.errors import problem_of_refusal
from bank.api.fields import parse_uuid
from bank.api.problems import not_found
from bank.api.schema.operation import Operation
from bank.api.scopes import Scope
from bank.identity import policy
from ledger.consistency import has_passed
from ledger.projections import async_projections
from ledger.records import public_form, rfc3339
from readmodels import commands, events
from readmodels.commands import WhatCame


class CommandView(ApiView):
    """What became of a command: for who sent it (any scope), and for auditors."""

    contract = {
        "GET": Operation(
            id="showCommand",
            summary="What became of a command",
            answer=CommandBody,
            problems={404: ("command_not_found",)},
        )
    }

    def get(self, request: Request, command_id: str) -> Answer:
        wanted = parse_uuid(command_id)
        found = None if wanted is None else commands.find(wanted)
        if found is None or not _may_see(request, found):
            raise not_found("command_not_found", "There is no such command.")
        if policy.may_see_customers(user_of(request)):  # all others wrote to what is their own, or sent money there
            leave_records(request, looks_at_streams(found.stream_ids))
        return Answer(_command_body(found))


class EventView(ApiView):
    """One sealed event with its link of the hash chain."""

    scopes = {"GET": (Scope.AUDIT_READ,)}
    contract = {
        "GET": Operation(
            id="showEvent",
            summary="An event of the book",
            answer=ChainedEventBody,
            problems={404: ("event_not_found",)},
        )
    }

    def get(self, request: Request, position: str) -> Answer:
        require_role(policy.may_audit(user_of(request)))
        is_number = position.isascii() and position.isdigit() and len(position) <= 18
        entry = events.find(int(position)) if is_number else None
        if entry is None:
            raise not_found("event_not_found", "There is no event at this position.")
        leave_records(request, looks_at_streams({entry.event.stream_id}))
        chained: ChainedBody = {
            "hash": entry.hash.hex(),
            "previous_hash": entry.previous_hash.hex(),
            "sealed_at": rfc3339(entry.sealed_at),
        }
        return Answer({**public_form(entry.event), **chained})


def _may_see(request: Request, found: WhatCame) -> bool:
    user = user_of(request)
    sent_it = found.logged.actor == policy.actor_of(user, "api").id
    return sent_it or (policy.may_audit(user) and credential_of(request).grants(Scope.AUDIT_READ))


def _command_body(found: WhatCame) -> CommandBody:
    logged, token = found.logged, found.consistency_token
    sealed = all(event.position is not None for event in found.events)
    return {
        "command_id": str(logged.command_id),
        "type": logged.type,
        "outcome": "accepted" if found.refusal is None else "refused",
        "refusal": _refusal_body(found.refusal),
        "actor": logged.actor,
        "channel": logged.channel,
        "correlation_id": str(logged.correlation_id),
        "events": [event_body(event) for event in found.events],
        "consistency_token": token,
        "sealed": sealed,
        "projected": token is None or (sealed and all(has_passed(p.name, token) for p in async_projections())),
        "recorded_at": rfc3339(logged.recorded_at),
    }


def _refusal_body(refusal: Refused | None) -> RefusalBody | None:
    if refusal is None:
        return None
    problem = problem_of_refusal(refusal)
    return {"code": problem.code, "status": int(problem.status), "detail": problem.detail}
