"""One event of the book: as it is stored and as it is read, its link of the chain, what stands beside it, its proof."""

import json
from typing import Any, Final

import msgspec
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from bank.access_records.recording import looks_at_streams, record_looks
from bank.identity import policy
from bank.web.access import SignedInRequest, allowed, signed_in
from bank.web.pages.audit.command_filters import CHANNELS
from bank.web.pages.audit.doubt import doubt_about
from bank.web.problems import Problem, problem_page
from bank.web.streams import actor_href, command_href, correlation_href, of_kind, stream_href
from ledger import entries
from ledger.codec import encode_canonical, event_types, type_of
from ledger.connections import cursor
from ledger.entries import EventGone, StoredEntry
from ledger.models import Command
from ledger.partitions import EventsDetached
from ledger.personal import ERASED
from ledger.proofs import NotProvable, prove
from ledger.seals import seal_covering
from ledger.stored import category_of

_MOST_POSITION: Final = 2**63 - 2
_NO_PROOF: Final = Problem(
    status=409,
    title=_("There is no proof of this event yet"),
    detail=_(
        "A proof leads to a signed checkpoint, and the last one does not reach this event yet. A worker signs one "
        "every minute: try again then."
    ),
)
_ARCHIVED: Final = Problem(
    status=404,
    title=_("This event is archived"),
    detail=_(
        "Its partition was detached from the record. The export that was made of it before has the event, and "
        "proves it."
    ),
)
_GONE: Final = Problem(
    status=410,
    title=_("The event of this entry is gone"),
    detail=_(
        "The book has an entry at this position, but its event is not there any more: somebody took it away. "
        "Verify the record at once."
    ),
)


@allowed(policy.may_audit)
@signed_in
def event_page(request: SignedInRequest, position: int) -> HttpResponse:
    """Everything that the record says about the event at this position."""
    try:
        entry = _entry(request, position)
    except EventsDetached:
        return problem_page(request, _ARCHIVED)
    except EventGone:
        return problem_page(request, _GONE)
    event = entry.event
    # Whoever changes rows by hand may leave anything there.
    found: object = event.metadata
    metadata = found if isinstance(found, dict) else {}
    command = _command(metadata)
    actor = command.actor if command else str(metadata.get("actor", ""))
    kind = category_of(event.stream_id) or ""
    context: dict[str, Any] = {
        "entry": entry,
        "event": event,
        "kind": kind,
        "kind_words": of_kind(kind),
        "beside": entries.neighbours(position, event.stream_id, event.stream_position),
        "doubt": doubt_about(event),
        "command": command,
        "channel": CHANNELS.get(command.channel, command.channel) if command else "",
        "actor": actor,
        "correlation_id": metadata.get("correlationId"),
        # Most commands are their own cause.
        "cause_id": cause if (cause := metadata.get("causationId")) != metadata.get("commandId") else None,
        "stream_href": stream_href(event.stream_id),
        "command_href": command_href(command.command_id) if command else "",
        "actor_href": actor_href(actor),
        "correlation_href": correlation_href(metadata.get("correlationId")),
        "is_unknown": event.type not in {known.name for known in event_types()},
        "verify_command": _verify_command(position),
        "metadata": _pretty(event.metadata),
        **_versions(entry),
    }
    return render(request, "web/audit/event.html", context)


@allowed(policy.may_audit)
@signed_in
def proof_file(request: SignedInRequest, position: int) -> HttpResponse:
    """The inclusion proof, as a file that tools/verify_export.py checks."""
    try:
        _entry(request, position)
        proof = encode_canonical(prove(position))
    except EventsDetached:
        return problem_page(request, _ARCHIVED)
    except EventGone:
        return problem_page(request, _GONE)
    except NotProvable:
        return problem_page(request, _NO_PROOF)
    headers = {"Content-Disposition": f'attachment; filename="{_file_name(position)}"'}
    return HttpResponse(proof + b"\n", content_type="application/json", headers=headers)


def _entry(request: SignedInRequest, position: int) -> StoredEntry:
    """The entry, with a record of the look; 404 where the book has none."""
    entry = entries.find_entry(position) if 0 < position <= _MOST_POSITION else None
    if entry is None:
        raise Http404
    record_looks(request, request.user, looks_at_streams({entry.event.stream_id}))
    return entry


def _versions(entry: StoredEntry) -> dict[str, Any]:
    """The data as stored, and as the newest version of the code reads them where that says anything else."""
    event = entry.event
    stored = _pretty(event.raw)
    if event.event is None:
        return {"stored": stored, "read": "", "read_version": None, "is_erased": False}
    data = msgspec.to_builtins(event.event)
    kind = type_of(event.event)
    is_erased = any(data[name] == ERASED for name in kind.personal)
    read = "" if data == event.raw and kind.version == event.schema_version else _pretty(data)
    return {"stored": stored, "read": read, "read_version": kind.version, "is_erased": is_erased}


def _file_name(position: int) -> str:
    return f"event-{position}-proof.json"


def _pretty(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _command(metadata: dict[str, Any]) -> Command | None:
    """The command that it came of, as the command log has it."""
    try:
        command_id = str(metadata.get("commandId", ""))
        return Command.objects.defer("result", "fingerprint").filter(pk=command_id).first()
    except ValidationError:
        return None


def _verify_command(position: int) -> str:
    """How to check the event's proof, with the key that signed it; empty where it is not signed yet."""
    with cursor() as cur:
        seal = seal_covering(cur, position)
    return f"python3 tools/verify_export.py {_file_name(position)} --public-key {seal.key_id}" if seal else ""
