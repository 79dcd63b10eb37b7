"""Partitions end to end: made ahead, exported, detached, gone on without, proven through, asked for, taken back."""

import io
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.handler import handle
from bank.ops import places
from ledger import archive, detaching, rebuilding
from ledger.archive import NoSuchExport
from ledger.connections import close_pool
from ledger.consistency import has_passed, is_sealed
from ledger.detaching import NotAttachable, NotDetachable
from ledger.export import Selection, export_lines
from ledger.ids import new_id
from ledger.partitions import EventsDetached, ensure_partitions
from ledger.projections import async_projection
from ledger.proofs import prove
from ledger.reading import find_event, head_position, read_entry, read_stream
from ledger.runner import advance_once, drain
from ledger.sealing import seal_all
from ledger.signing import sign_head
from ledger.steering import Act, Order, open_rebuilds, rebuild_requested, steer
from ledger.stored import read_stored
from readmodels import balances, movements
from tests.api.given import a_user, api_of
from tests.faults.cluster import a_bank, manage, managed
from tests.faults.processes import wait_until
from tests.faults.storm import STORED
from tests.ledger.book import check_the_book, gaps, write_and_roll_back, writing
from tests.ledger.owner import public_key, tamper
from tests.ledger.test_partitions import partitions
from tests.steps import BY, an_account, deposit, do, transfer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(180)]

SIZE = 20
FIRST = 10_000_001
OLD, NEXT = f"ledger_event_{FIRST}", f"ledger_event_{FIRST + SIZE}"


@pytest.fixture
def bank(transactional_db: None) -> Iterator[None]:
    """A bank of its own, whose next partitions are small ones."""
    with a_bank():
        execute(f"select setval('ledger_event_sequence', {FIRST - 1})")
        assert ensure_partitions(SIZE, ahead=2) == 2
        yield


@pytest.fixture
def owner(bank: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The ledger, too, works as the tables' owner."""
    monkeypatch.setattr(settings, "DATABASE_ROLE", "")
    close_pool()
    yield
    close_pool()


def execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def lives(account_id: UUID, count: int = 25) -> None:
    """Enough deposits to fill a partition."""
    for minor in range(1, count + 1):
        do(deposit(account_id, minor))


def settled() -> None:
    """Sealed, read by every projection, signed, and the sealer waits for nobody."""
    drain()
    wait_until(no_gaps, 10, "gaps are forgotten")
    drain()
    sign_head()


def no_gaps() -> bool:
    seal_all()
    return not gaps()


def exported(to: Path, first: int = 1, last: int | None = None) -> Path:
    """An export of these positions."""
    with to.open("wb") as file:
        file.writelines(export_lines(Selection(first=first, last=last)))
    return to


def said(*arguments: str) -> str:
    """What a command of manage.py prints, run in this process."""
    output = io.StringIO()
    call_command(*arguments, stdout=output, stderr=io.StringIO())
    return output.getvalue()


def prove_offline(export: Path, key: str) -> str:
    """What the program without a bank says."""
    program = str(places.REPOSITORY / "tools" / "verify_export.py")
    command = [sys.executable, program, str(export), "--public-key", key]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_bank_parts_with_its_oldest_events_goes_on_proves_them_from_the_export_and_takes_them_back(
    bank: None, tmp_path: Path
) -> None:
    old, other = an_account(100), an_account(50)
    first = deposit(old, 7)
    token = handle(first, by=BY).consistency_token or ""
    lives(old)
    settled()
    assert {OLD, NEXT} <= partitions()
    assert ensure_partitions(SIZE, ahead=2) >= 1, "the job makes the next before they are needed"

    export = tmp_path / "old.jsonl"
    told = manage("detach_partition")
    assert f"export_events --from 1 --to {SIZE} " in told
    manage("export_events", "--from", "1", "--to", str(SIZE), "--output", str(export))
    assert f"{SIZE} events (positions 1 to {SIZE})" in prove_offline(export, public_key())
    refused = managed("detach_partition", OLD, "--export", str(export), role="passbook_worker")
    assert refused.returncode == 1
    assert OLD in partitions()
    assert f"detached {OLD}: {SIZE} events, positions 1 to {SIZE}" in manage(
        "detach_partition", OLD, "--export", str(export)
    )
    assert OLD not in partitions()
    manage("set_up_roles")

    check_that_it_goes_on(old, other, first, token)
    check_that_what_is_away_is_told()
    plain = said("verify_ledger")
    assert f"OK: {head_position()} events" in plain
    assert f"{SIZE} events are NOT HERE, in {OLD} (positions 1 to {SIZE}" in plain
    through = said("verify_ledger", "--export", str(export))
    assert f"{SIZE} events of detached partitions are proven from the exports" in through
    assert "NOT HERE" not in through
    check_that_a_changed_export_is_found(export, tmp_path / "forged.jsonl")
    assert "NOT HERE" not in said("verify_ledger", "--from", str(SIZE + 1))

    assert "attached" in manage("attach_partition", OLD)
    check_that_all_is_here(old)


def check_that_it_goes_on(old: UUID, other: UUID, first: object, token: str) -> None:
    """Old streams are loaded from their snapshots, old commands remembered, reports and signatures go on."""
    balance = 100 + 7 + sum(range(1, 26))
    outcome = handle(deposit(old, 1), by=BY)
    assert outcome.accounts[old].balance_minor == balance + 1
    do(transfer(old, other, 8))
    again = handle(first, by=BY)  # type: ignore[arg-type]
    assert again.replayed
    assert again.versions == {old: 3}
    assert again.consistency_token == token
    assert all(has_passed(name, token) for name in ("movements", "daily_flows"))
    assert is_sealed(old, 1)
    new = an_account(5)
    settled()
    assert balances.find(old).balance_minor == balance - 7  # type: ignore[union-attr]
    assert len(movements.page(old, 100)) == 2 + 25 + 2
    assert [e.stream_position for e in read_stream(new)] == [1, 2]


def check_that_what_is_away_is_told() -> None:
    """Nobody reads past the hole in silence."""
    away = rows_of("select stream_id from ledger_event_10000001 group by 1 order by count(*) desc")[0][0]
    for name in STORED:
        with pytest.raises(EventsDetached, match=rf"positions 1 to {SIZE} are in detached partitions \({OLD}\)"):
            rebuilding.rebuild(name)
    order = Order(
        act=Act.REBUILD,
        projection="balances",
        command_id=new_id(),
        fingerprint=b"rebuild",
        actor="user:1",
        channel="api",
        correlation_id=new_id(),
    )
    steer(order, lambda _: {})
    rebuild_requested()
    assert open_rebuilds() == []
    assert "EventsDetached" in rows_of("select error from ledger_rebuild_request")[0][0]
    with pytest.raises(EventsDetached):
        list(read_stream(away))
    with pytest.raises(EventsDetached):
        find_event(away, 1)
    with pytest.raises(EventsDetached):
        list(read_stored(away))
    for reader in (read_entry, prove):
        with pytest.raises(EventsDetached):
            reader(1)
    with pytest.raises(EventsDetached):
        list(export_lines(Selection()))
    assert find_event(away, 10**6) is None
    api = api_of(a_user("teller"))
    assert (api.get(f"/accounts/{away}").status, api.get(f"/accounts/{away}", {"version": 1}).status) == (200, 503)
    with connection.cursor() as cursor:
        cursor.execute("delete from ledger_checkpoint where projection = 'movements'")
    with pytest.raises(EventsDetached):
        advance_once(async_projection("movements"))
    execute(
        "insert into ledger_checkpoint (projection, position) select 'movements', position from ledger_sealer_state"
    )


def rows_of(statement: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall())


def check_that_a_changed_export_is_found(export: Path, forged: Path) -> None:
    lines = export.read_bytes().splitlines(keepends=True)
    place = next(n for n, line in enumerate(lines) if b'"DepositMade"' in line)
    lines[place] = lines[place].replace(b'"amount_minor":', b'"amount_minor":9')
    forged.write_bytes(b"".join(lines))
    with pytest.raises(CommandError, match=f"changed at position {place}"):
        said("verify_ledger", "--export", str(forged))


def check_that_all_is_here(old: UUID) -> None:
    assert "NOT HERE" not in said("verify_ledger")
    check_the_book()
    assert [e.stream_position for e in read_stream(old)] == list(range(1, 31))
    for name in STORED:
        assert rebuilding.rebuild(name, check=True).differences == 0
    with pytest.raises(Exception, match="append-only"):
        execute(f"delete from {OLD}")


def test_a_partition_whose_table_was_dropped_comes_back_from_its_exports(owner: None, tmp_path: Path) -> None:
    account_id = an_account(100)
    lives(account_id, SIZE - 5)  # two numbers are left in the first partition
    with writing(count=1):  # one of them is sealed late, behind events of the next partition
        do(deposit(account_id, 1))
        lives(account_id, 3)
        seal_all()
    lives(account_id, SIZE)
    settled()
    (one, two) = detaching_parts()[:2]
    assert one.last_position > two.first_position
    first = exported(tmp_path / "1.jsonl", 1, one.last_position)
    assert detaching.detach(OLD, [first]).events == one.events
    second = exported(tmp_path / "2.jsonl", one.last_position + 1, two.last_position)
    with pytest.raises(NotDetachable, match=f"no export has position {two.first_position}"):
        detaching.detach(NEXT, [second])
    assert detaching.detach(NEXT, [second, first]).events == two.events
    assert "NOT HERE" not in said("verify_ledger", "--export", str(second), "--export", str(first))
    execute(f"drop table {OLD}; drop table {NEXT}")
    do(deposit(account_id, 1))
    with pytest.raises(NotAttachable, match=f"attach {NEXT} first"):
        detaching.attach(OLD, [first])
    with pytest.raises(NotAttachable, match=f"there is no table {NEXT}"):
        detaching.attach(NEXT)
    with pytest.raises(NotAttachable, match="no export has position"):
        detaching.attach(NEXT, [second])
    detaching.attach(NEXT, [first, second])
    detaching.attach(OLD, [first])
    settled()
    check_the_book()
    assert "NOT HERE" not in said("verify_ledger")
    execute_refused = pytest.raises(Exception, match="append-only")
    with execute_refused:
        execute(f"truncate {OLD}")


def detaching_parts() -> list[detaching.Part]:
    from ledger.connections import cursor

    with cursor() as cur:
        return detaching.parts(cur)


def test_a_partition_is_kept_as_long_as_anything_needs_it(owner: None, tmp_path: Path) -> None:
    def refusal(*exports: Path, name: str = OLD) -> str:
        with pytest.raises(NotDetachable) as caught:
            detaching.detach(name, exports)
        return str(caught.value)

    account_id = an_account(100)
    assert "not an attached partition" in refusal(name="ledger_event_rest")
    seal_all()
    assert "still being written to" in refusal()
    write_and_roll_back(2)
    with writing(count=1):
        lives(account_id, 2 * SIZE)
        seal_all()
        assert "waits for transactions" in refusal()
    wait_until(no_gaps, 10, "gaps are forgotten")
    assert "has not read all of it" in refusal()
    drain()
    assert "not the oldest" in refusal(name=NEXT)
    execute("insert into ledger_checkpoint (projection, rebuilding, position) values ('balances', true, 3)")
    assert "a rebuild of balances" in refusal()
    execute("delete from ledger_checkpoint where rebuilding")
    execute(f"insert into ledger_parked (projection, position, stream_id, error) values ('x', 2, '{account_id}', '')")
    assert "position 2 is parked" in refusal()
    execute("update ledger_parked set resolution = 'discarded'")
    assert "run sign_checkpoint" in refusal()
    sign_head()
    assert "no export has position 1" in refusal()
    assert "no export has position 6" in refusal(exported(tmp_path / "short.jsonl", 1, 5))
    export = exported(tmp_path / "whole.jsonl")
    (tmp_path / "broken.jsonl").write_bytes(export.read_bytes().replace(b'"amount_minor":', b'"amount_minor":1', 1))
    with pytest.raises(NoSuchExport, match="SHA-256"):
        detaching.detach(OLD, [tmp_path / "broken.jsonl"])
    (tmp_path / "cut.jsonl").write_bytes(export.read_bytes()[:-200])
    with pytest.raises(NoSuchExport, match="breaks off"):
        detaching.detach(OLD, [tmp_path / "cut.jsonl"])
    assert len(archive.sha256_of(export)) == 64
    tamper("update ledger_event set data = jsonb_set(data, '{amount_minor}', '3') where type = 'DepositMade'")
    assert "is not what was sealed and exported" in refusal(export)
    assert OLD in partitions()
