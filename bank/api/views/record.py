"""/ledger and /streams: how far the book is verified and signed, and what any stream was at any time."""

from datetime import datetime
from typing import Any, Final, Literal, TypedDict

import msgspec
from rest_framework.request import Request

from bank.access_records.recording import looks_at_streams
from bank.api import past
from bank.api.access import leave_records, require_role
from bank.api.answers import Answer
from bank.api.base import ApiView, user_of
from bank.api.bodies import EventBody, event_body
from bank.api.fields import parse_uuid
from bank.api.paging import key_of_cursor, page_body
from bank.api.problems import Problem, bad_request, not_found
from bank.api.requests import PageQuery, StreamQuery
from bank.api.schema.kinds import Hash, Id, Moment, Position, Version
from bank.api.schema.operation import Operation, Page
from bank.api.scopes import Scope
from bank.identity import policy
from ledger.book import hash_at, read_head
from ledger.connections import cursor
from ledger.findings import Finding, Kind
from ledger.keys import trusted_keys
from ledger.reading import read_stream
from ledger.records import rfc3339
from ledger.seals import Seal, last_seal, seals_before
from ledger.stored import category_of
from ledger.verification import verify

_MOST_CHECKED: Final = 10_000


class FindingBody(TypedDict):
    """The first thing that is wrong: what was done, where (`until`: somewhere up to there), and in words."""

    kind: str
    position: Position | None
    until: Position | None
    detail: str


class VerificationBody(TypedDict):
    """How far the book is known to be what was sealed.

    Up to the last signed checkpoint (`signed_to`) it was checked before it was signed; what lies behind, up to 10,000
    events of it, is checked now. `verified_to` is the last position that is right, `head` the last there is.
    """

    ok: bool
    verified_to: Position
    signed_to: Position
    signed_at: Moment | None
    head: Position
    head_hash: Hash
    finding: FindingBody | None


class StreamBody(TypedDict):
    """A stream's folded state. `state` is null where an event cannot be read, or nobody folds such streams."""

    id: Id
    category: str
    version: Version
    timestamp: Moment
    state: dict[str, Any] | None


class CheckpointBody(TypedDict):
    """A signed checkpoint: the hash at a position and the Merkle root of the entries `first` to there."""

    kind: Literal["passbook-checkpoint"]
    version: int
    first: Position
    position: Position
    hash: Hash
    root: Hash
    keyId: str
    signedAt: Moment
    signature: str


class VerificationView(ApiView):
    """Is the record what it was, and how much of it is signed?"""

    scopes = {"GET": (Scope.AUDIT_READ,)}
    contract = {"GET": Operation(id="verifyLedger", summary="How far the record is verified", answer=VerificationBody)}

    def get(self, request: Request) -> Answer:
        require_role(policy.may_audit(user_of(request)))
        return Answer(_verification())


class CheckpointsView(ApiView):
    """Signed checkpoints, the newest first, in the form in which they are exported."""

    scopes = {"GET": (Scope.AUDIT_READ,)}
    parameters = {"GET": PageQuery()}
    contract = {"GET": Operation(id="listCheckpoints", summary="Signed checkpoints", answer=Page(item=CheckpointBody))}

    def get(self, request: Request) -> Answer:
        require_role(policy.may_audit(user_of(request)))
        key, limit = key_of_cursor(request, self.query), self.query["limit"]
        seals = seals_before(int(key) if key else 2**63 - 1, limit + 1)
        return Answer(page_body(request, seals, limit, body=Seal.public_form, key=lambda seal: seal.position))


class StreamView(ApiView):
    """An account or a customer, folded from the events up to a version or a moment."""

    scopes = {"GET": (Scope.AUDIT_READ,)}
    parameters = {"GET": StreamQuery()}
    contract = {
        "GET": Operation(
            id="showStream",
            summary="A stream's state, now or earlier",
            answer=StreamBody,
            problems={400: ("conflicting_parameters",), 404: ("stream_not_found", "version_not_found")},
        )
    }

    def get(self, request: Request, stream_id: str) -> Answer:
        require_role(policy.may_audit(user_of(request)))
        if len(self.query) > 1:
            raise bad_request("conflicting_parameters", "Ask for a version or for a moment, not for both.")
        stream = past.find(parse_uuid(stream_id))
        if stream is None:
            raise _stream_not_found()
        then = past.then(stream, version=self.query.get("version"), as_of=self.query.get("as_of"))
        if then is None:
            raise not_found("version_not_found", "The stream was not at that version, or not there yet at that moment.")
        leave_records(request, looks_at_streams({stream.id}))
        body: StreamBody = {
            "id": str(stream.id),
            "category": stream.category,
            "version": then.version,
            "timestamp": rfc3339(then.last.recorded_at),
            "state": None if then.state is None else _plain(msgspec.to_builtins(then.state, builtin_types=(datetime,))),
        }
        return Answer(body)


class StreamEventsView(ApiView):
    """A stream's events in its own order; `position` is null for those that are not sealed yet."""

    scopes = {"GET": (Scope.AUDIT_READ,)}
    parameters = {"GET": PageQuery()}
    contract = {
        "GET": Operation(
            id="listStreamEvents",
            summary="A stream's events",
            answer=Page(item=EventBody),
            problems={404: ("stream_not_found",)},
        )
    }

    def get(self, request: Request, stream_id: str) -> Answer:
        require_role(policy.may_audit(user_of(request)))
        wanted = parse_uuid(stream_id)
        if wanted is None or category_of(wanted) is None:
            raise _stream_not_found()
        leave_records(request, looks_at_streams({wanted}))
        key, limit = key_of_cursor(request, self.query), self.query["limit"]
        rows = list(read_stream(wanted, after=int(key) if key else 0, limit=limit + 1, also_unreadable=True))
        return Answer(page_body(request, rows, limit, body=event_body, key=lambda event: event.stream_position))


def _plain(value: Any) -> Any:
    """The state with its moments written as all others are."""
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, dict):
        return {name: _plain(member) for name, member in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def _stream_not_found() -> Problem:
    return not_found("stream_not_found", "There is no such stream.")


def _verification() -> VerificationBody:
    keys = trusted_keys()
    with cursor() as cur:
        head, seal = read_head(cur), last_seal(cur)
        signed_to = seal.position if seal else 0
        finding = _wrong_with(seal, hash_at(cur, signed_to), keys) if seal else None
    verified_to = 0 if finding else signed_to
    if finding is None and head.position > signed_to:
        last = min(head.position, signed_to + _MOST_CHECKED)
        tail = verify(first=signed_to + 1, last=last, keys=keys)
        finding, verified_to = tail.finding, signed_to + tail.events
    return {
        "ok": finding is None,
        "verified_to": verified_to,
        "signed_to": signed_to,
        "signed_at": seal.signed_at if seal else None,
        "head": head.position,
        "head_hash": head.hash.hex(),
        "finding": _finding_body(finding) if finding else None,
    }


def _wrong_with(seal: Seal, stored: bytes | None, keys: frozenset[str]) -> Finding | None:
    """What speaks against the last checkpoint: its signature, or the book as it stands now."""
    # A machine that was told of no key can still see whether the key that signed did.
    if (keys and seal.key_id not in keys) or not seal.is_genuine():
        return Finding(Kind.CHECKPOINT, "the signature does not hold, or the key does not count", seal.position)
    if stored is None:
        return Finding(Kind.CUT_TAIL, "the entry that was signed is gone", seal.position)
    if stored != seal.hash:
        return Finding(Kind.REWRITTEN, "the entry has another hash than the one that was signed", seal.position)
    return None


def _finding_body(finding: Finding) -> FindingBody:
    return {
        "kind": finding.kind.value,
        "position": finding.position,
        "until": finding.until,
        "detail": finding.message,
    }
