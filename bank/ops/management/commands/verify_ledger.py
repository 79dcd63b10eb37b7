"""manage.py verify_ledger: is the record what was sealed and signed? If not: where, and what was done to it."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.snapshots import compare_snapshots
from bank.ops.management.arguments import key_of
from bank.ops.progress import ProgressLine
from ledger import archive
from ledger.connections import cursor
from ledger.errors import LedgerError
from ledger.keys import trusted_keys
from ledger.partitions import detached
from ledger.seals import Seal, seals_from_lines
from ledger.verification import Verification, verify


class Command(BaseCommand):
    """Only reads. The exit code is 0 only where everything is right."""

    help = "Check every hash, position, stream and signed checkpoint of the book; names the first that is not right."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--from", dest="first", type=int, default=1, metavar="N", help="first position")
        parser.add_argument("--to", dest="last", type=int, metavar="M", help="last position")
        parser.add_argument(
            "--public-key", action="append", default=[], type=key_of, metavar="FILE|BASE64", help="one more that counts"
        )
        parser.add_argument(
            "--checkpoints",
            type=Path,
            metavar="FILE",
            help="checkpoints exported earlier, as JSON lines, to hold it to",
        )
        parser.add_argument(
            "--export",
            action="append",
            default=[],
            type=Path,
            metavar="FILE",
            help="an export that holds events of detached partitions, to prove these as well",
        )

        parser.add_argument(
            "--snapshots", action="store_true", help="also fold every stream anew and hold its snapshot to that"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        line = ProgressLine(sys.stderr, "verifying")
        try:
            with archive.opened(options["export"]) as kept:
                found = verify(
                    first=options["first"],
                    last=options["last"],
                    keys=trusted_keys(options["public_key"]),
                    witnesses=_seals_in(options["checkpoints"]),
                    progress=line.show,
                    kept=kept,
                )
        except (LedgerError, OSError) as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt as error:
            raise CommandError("interrupted: nothing is proven") from error
        finally:
            line.end()
        if found.finding is not None:
            raise CommandError(f"NOT OK, {found.finding}\n{found.events:,} events before it are right.")
        self.stdout.write(f"OK: {_figures(found, to_the_end=options['last'] is None)}")
        for text in _detached(found):
            self.stdout.write(text)
        if options["snapshots"]:
            self.stdout.write(_snapshots())


def _figures(found: Verification, *, to_the_end: bool) -> str:
    rate = found.events / max(found.seconds, 1e-6)
    unsigned = found.last - max(found.signed_to, found.first - 1)
    waits = "are not signed yet" if to_the_end else "are for a checkpoint beyond this range"
    tail = f"{unsigned:,} events behind the last one {waits}" if unsigned else "everything is signed"
    return (
        f"{found.events:,} events (positions {found.first:,} to {found.last:,}) in {found.seconds:.1f} s,"
        f" {rate:,.0f} a second; {found.checkpoints:,} signed checkpoints hold, {tail};"
        f" last hash {found.head_hash.hex()}"
    )


def _detached(found: Verification) -> Iterator[str]:
    """What is not here, and how far it is proven nevertheless."""
    with cursor() as cur:
        partitions = [
            f"{p.name} (positions {p.first_position:,} to {p.last_position:,}, detached {p.detached_at:%Y-%m-%d})"
            for p in detached(cur)
            if p.first_position <= found.last and p.last_position >= found.first
        ]
    if found.archived:
        yield f"{found.archived:,} events of detached partitions are proven from the exports: {', '.join(partitions)}."
    if found.away:
        yield (
            f"{found.away:,} events are NOT HERE, in {', '.join(partitions)}: their hashes are those that were sealed"
            " and signed; to prove the events themselves, name the exports that hold them (--export FILE)."
        )


def _snapshots() -> str:
    line = ProgressLine(sys.stderr, "folding")
    try:
        compared = compare_snapshots(line.show)
    except LedgerError as error:
        raise CommandError(f"NOT OK, {error}") from error
    finally:
        line.end()
    away = f"; of {compared.away:,} streams the events are not all here" if compared.away else ""
    return f"OK: {compared.equal:,} snapshots are what their events say{away}"


def _seals_in(path: Path | None) -> Iterator[Seal]:
    if path is not None:
        with path.open("rb") as file:
            yield from seals_from_lines(file)
