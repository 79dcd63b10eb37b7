"""The files of exports: in pieces in the database, where every web process finds them, on whichever machine it is."""

import hashlib
import zlib
from collections.abc import Iterable, Iterator
from typing import Any, Final
from uuid import UUID

import msgspec

from bank.jobs.models import ExportPart
from bank.jobs.runs import Claimed, ClaimLost, Pulse
from ledger.codec import decode_json
from ledger.connections import cursor

# Bytes before they are compressed: what one piece takes in memory, in the worker and in the web.
PART_BYTES: Final = 1 << 20
_LEVEL: Final = 1  # an export is mostly hex digits: more work makes it little smaller

# Only as long as the job is this worker's.
_INSERT: Final = """
insert into jobs_exportpart (job_id, claim, number, data)
select %(job)s, %(claim)s, %(number)s, %(data)s
from jobs_run where job_id = %(job)s and claim = %(claim)s and status = 'running' for key share
"""


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """A file that is complete."""

    first: int
    last: int
    events: int
    checkpoints: int
    size_bytes: int
    sha256: str


def write(claimed: Claimed, lines: Iterable[bytes], pulse: Pulse) -> Made:
    """Keep the lines of an export, a piece at a time. Raises ClaimLost."""
    digest, size, number, buffer = hashlib.sha256(), 0, 0, bytearray()
    first_line = last_line = b""
    for line in lines:
        first_line = first_line or line
        last_line = line
        buffer += line
        if len(buffer) >= PART_BYTES:
            digest.update(buffer)
            size += len(buffer)
            _insert(claimed, number, buffer)
            number, buffer = number + 1, bytearray()
            pulse.show(pulse.done, pulse.total)
    digest.update(buffer)
    size += len(buffer)
    _insert(claimed, number, buffer)
    manifest, end = decode_json(first_line), decode_json(last_line)
    return Made(
        first=manifest["first"],
        last=manifest["last"],
        events=end["events"],
        checkpoints=end["checkpoints"],
        size_bytes=size,
        sha256=digest.hexdigest(),
    )


def _insert(claimed: Claimed, number: int, content: bytearray) -> None:
    values: dict[str, Any] = {
        "job": claimed.job_id,
        "claim": claimed.claim,
        "number": number,
        "data": zlib.compress(content, _LEVEL),
    }
    with cursor() as cur:
        cur.execute(_INSERT, values)
        if cur.rowcount == 0:
            raise ClaimLost


def read(job_id: UUID, claim: UUID) -> Iterator[bytes]:
    """The file, a piece at a time."""
    number = 0
    while (data := _part(job_id, claim, number)) is not None:
        yield zlib.decompress(data)
        number += 1


def _part(job_id: UUID, claim: UUID, number: int) -> bytes | memoryview | None:
    return ExportPart.objects.filter(job_id=job_id, claim=claim, number=number).values_list("data", flat=True).first()


def is_there(job_id: UUID, claim: UUID) -> bool:
    """Whether the file was kept and has not been deleted."""
    return ExportPart.objects.filter(job_id=job_id, claim=claim, number=0).exists()


def delete(job_id: UUID) -> None:
    """Every piece, of whatever claim."""
    with cursor() as cur:
        cur.execute("delete from jobs_exportpart where job_id = %s", (job_id,))
