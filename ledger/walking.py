"""Walking the book: every hash again, every position, every stream in its order, up to the first that is not right."""

import hashlib
from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec

from ledger.book import BookRow, rows_between
from ledger.codec import decode_json, encode_canonical
from ledger.connections import cursor
from ledger.diagnosis import explain_hash, explain_hole
from ledger.findings import Finding, Kind
from ledger.sealing import EventAsHashed

# How many streams' last positions are remembered; what is forgotten is asked for again.
_STREAMS: Final = 200_000

_WITHOUT_PREDECESSOR: Final = """
select u.position, u.stream_id, u.place
from unnest(%s::bigint[], %s::text[]::uuid[], %s::int[]) u(position, stream_id, place)
where not exists (
    select 1 from ledger_event e join ledger_entry n using (sequence)
    where e.stream_id = u.stream_id and e.stream_position = u.place - 1 and n.position < u.position
) and (%s or exists (
    select 1 from ledger_event e where e.stream_id = u.stream_id and e.stream_position = u.place - 1
))
order by u.position limit 1
"""


class Walk:
    """A walk that has come to `position`, whose hash is `hash`. Memory stays bounded however far it goes.

    `is_away` tells of a sequence number whether its event was detached: its entry's hash is then taken as it stands,
    and counted in `away`. None: nothing is detached.
    """

    def __init__(self, position: int, own_hash: bytes, is_away: Callable[[int], bool] | None = None) -> None:
        self.position = position
        self.hash = own_hash
        self.away = 0
        self._is_away = is_away
        self._streams: dict[str, int] = {}

    def take(self, rows: Sequence[tuple[Any, ...]]) -> tuple[list[bytes], Finding | None]:
        """Go on over the next rows: the hashes of those that are right, and the finding where it stopped."""
        hashes, strangers, out_of_order = self._check(rows)
        finding = self._predecessors(strangers)
        if finding is None and out_of_order is not None:
            finding = out_of_order
        elif finding is None and len(hashes) < len(rows):
            finding = self._explain(BookRow(*rows[len(hashes)]))
        if len(self._streams) > _STREAMS:
            self._streams.clear()
        return hashes, finding

    def _check(self, rows: Sequence[tuple[Any, ...]]) -> tuple[list[bytes], list[tuple[int, str, int]], Finding | None]:
        """The hot loop: (hashes of the right rows, first events of streams not met yet, an event out of order)."""
        sha256, streams, own_hash, expected = hashlib.sha256, self._streams, self.hash, self.position
        hashes: list[bytes] = []
        strangers: list[tuple[int, str, int]] = []
        finding = None
        for position, found, sequence, event_id, name, version, stream_id, place, timestamp, data, metadata in rows:
            if position != expected + 1:
                break
            if event_id is None:
                if self._is_away is None or not self._is_away(sequence):
                    break
                self.away += 1
                own_hash, expected = found, position
                hashes.append(found)
                continue
            # As book.canonical does it, without the call and the row object: half of the time goes here.
            try:
                form = encode_canonical(
                    EventAsHashed(
                        decode_json(data), event_id, decode_json(metadata), version, stream_id, place, timestamp, name
                    )
                )
            except (msgspec.MsgspecError, RecursionError):
                break
            digest = sha256(own_hash + position.to_bytes(8, "big") + form).digest()
            if digest != found:
                break
            before = streams.get(stream_id)
            if before is None or (self._is_away is not None and place > before + 1):
                strangers.append((position, stream_id, place))
            elif place != before + 1:
                finding = _out_of_order(position, stream_id, place, before)
                break
            streams[stream_id] = place
            own_hash, expected = digest, position
            hashes.append(digest)
        self.position, self.hash = expected, own_hash
        return hashes, strangers, finding

    def _predecessors(self, strangers: list[tuple[int, str, int]]) -> Finding | None:
        """Whether each of these events stands behind the one before it in its stream."""
        later = [stranger for stranger in strangers if stranger[2] != 1]
        if not later:
            return None
        with cursor() as cur:
            columns = [list(column) for column in zip(*later, strict=True)]
            # Where partitions are detached, an event that is not here at all may be in one of them.
            row = cur.execute(_WITHOUT_PREDECESSOR, [*columns, self._is_away is None]).fetchone()
        return _out_of_order(row[0], str(row[1]), row[2], None) if row else None

    def _explain(self, row: BookRow) -> Finding:
        """What is wrong with the row that comes after the last right one."""
        if row.position != self.position + 1 or not row.is_whole:
            return explain_hole(self.position + 1, row)
        with cursor() as cur:
            around = rows_between(cur, *window(row.position))
            return explain_hash(cur, row, self.hash, {other.position: other for other in around})


def window(position: int) -> tuple[int, int]:
    """The entries around one that are looked at to say what was done to it."""
    return max(position - 200, 1), position + 2_000


def _out_of_order(position: int, stream_id: str, place: int, before: int | None) -> Finding:
    event = f"event {place} of stream {stream_id}"
    if before is not None and place <= before:
        return Finding(Kind.INSERTED, f"{event} stands behind event {before} of the same stream", position)
    return Finding(Kind.MISSING, f"{event} stands here, but event {place - 1} does not stand before it", position)
