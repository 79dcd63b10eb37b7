"""manage.py import_pkdd99 on a real database: what goes in, once, and what it says."""

import csv
import re
import signal
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from accounts.account import DepositMade, WithdrawalMade
from accounts.account_commands import Deposit, Withdraw
from accounts.handler import Actor, handle, handle_all
from accounts.iban import iban_for, parse_iban
from accounts.money import Money
from bank.ops.pkdd99.commands import account_uuid, customer_uuid
from ledger.ids import new_id
from ledger.models import Command, Event
from ledger.reading import read_stream
from readmodels import balances, customers
from readmodels.balances import AccountRow
from readmodels.movements import MovementRow
from tests.ops_data.bank_files import MOVEMENT_HEADER, Row, chained, random_bank, write, write_folder
from tests.ops_data.processes import manage, run, stop_when

pytestmark = pytest.mark.django_db(transaction=True)

TELLER = Actor(id="user:teller", channel="web")
NEW_YEAR, MONDAY, TUESDAY = date(1993, 1, 1), date(1993, 3, 1), date(1993, 3, 2)
TWO_ACCOUNTS = [
    *chained(1, (MONDAY, [100_00, -30_00]), (TUESDAY, [5_50])),
    *chained(2, (MONDAY, [70_00]), (TUESDAY, [-90_00, -10_00]), first_id=11),
]


class Imported:
    """What the command printed."""

    def __init__(self, capsys: pytest.CaptureFixture[str], *arguments: object) -> None:
        call_command("import_pkdd99", *map(str, arguments))
        self.out, self.err = capsys.readouterr()

    def tally(self, kind: str) -> tuple[int, int, int]:
        """(new, there already, refused)"""
        found = re.search(rf"^{kind} +([\d,]+) new, ([\d,]+) there already, ([\d,]+) refused$", self.out, re.MULTILINE)
        assert found, self.out
        new, there, refused = (int(text.replace(",", "")) for text in found.groups())
        return new, there, refused

    def share(self, kind: str) -> str:
        found = re.search(rf"^ *{kind} +(\d+ of \d+) ", self.out, re.MULTILINE)
        assert found, self.out
        return found[1]


def balance_of(account_id: int) -> int:
    row = balances.find(account_uuid(account_id))
    assert row is not None
    return row.balance_minor


def test_every_movement_becomes_an_event_that_keeps_what_the_file_says(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [
        Row(trans_id=1, account_id=7, day=MONDAY, change=51_23, balance=51_23, operation="PREVOD Z UCTU",
            k_symbol="DUCHOD", bank="YZ", account="62457513"),
        Row(trans_id=2, account_id=7, day=TUESDAY, change=-60_00, balance=-8_77, operation="VYBER", k_symbol="SIPO"),
    ]  # fmt: skip
    found = Imported(capsys, write_folder(tmp_path, rows, opened={7: NEW_YEAR}))

    assert (found.tally("customers"), found.tally("accounts"), found.tally("movements")) == (
        (1, 0, 0),
        (1, 0, 0),
        (2, 0, 0),
    )
    account, customer = balances.find(account_uuid(7)), customers.find(customer_uuid(70))
    assert account is not None
    assert customer is not None
    assert (account.name, account.currency, account.balance_minor) == ("PKDD99 7", "CZK", -8_77)
    assert account.iban == parse_iban(account.iban) == iban_for(account.account_id)
    assert account.opened_at == datetime(1993, 1, 1, tzinfo=UTC)
    assert (account.customer_id, customer.name) == (customer_uuid(70), "PKDD99 client 70")
    _, deposit, withdrawal = [event.data for event in read_stream(account.account_id)]
    assert deposit == DepositMade(
        amount_minor=51_23,
        currency="CZK",
        reference="trans 1",
        occurred_at=datetime(1993, 3, 1, tzinfo=UTC),
        operation="PREVOD Z UCTU",
        purpose="DUCHOD",
        counterparty="62457513/YZ",
    )
    assert withdrawal == WithdrawalMade(
        amount_minor=60_00,
        currency="CZK",
        reference="trans 2",
        occurred_at=datetime(1993, 3, 2, tzinfo=UTC),
        operation="VYBER",
        purpose="SIPO",
        counterparty="",
    )


def test_movements_of_a_day_are_booked_in_the_order_that_their_balances_tell(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = chained(1, (MONDAY, [100, -30, 50, -20]))
    shuffled = [replace(row, trans_id=number) for number, row in enumerate(rows[::-1], 1)]
    Imported(capsys, write_folder(tmp_path, shuffled))
    assert [e.data.amount_minor for e in read_stream(account_uuid(1), after=1)] == [100, 30, 50, 20]


def test_running_it_again_adds_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_folder(tmp_path, TWO_ACCOUNTS)
    first = Imported(capsys, folder)
    events = Event.objects.count()
    second = Imported(capsys, folder)
    assert first.tally("movements") == (6, 0, 0)
    assert second.tally("movements") == (0, 6, 0)
    assert second.tally("accounts") == second.tally("customers") == (0, 2, 0)
    assert Event.objects.count() == events == 2 + 2 + 6
    assert (balance_of(1), balance_of(2)) == (75_50, -30_00)
    assert second.share("match") == first.share("match") == "4 of 4"


def test_until_takes_the_days_up_to_and_with_it_and_the_rest_can_follow(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    opened = {1: NEW_YEAR, 2: NEW_YEAR, 3: MONDAY, 4: TUESDAY}
    folder = write_folder(tmp_path, TWO_ACCOUNTS, opened=opened)
    first = Imported(capsys, folder, "--until", "1993-03-01")
    assert (first.tally("accounts"), first.tally("movements")) == ((3, 0, 0), (3, 0, 0))
    assert (balance_of(1), balance_of(2)) == (70_00, 70_00)
    assert "3 later than the last day asked for" in first.out
    second = Imported(capsys, folder)
    assert (second.tally("accounts"), second.tally("movements")) == ((1, 3, 0), (3, 3, 0))
    assert (balance_of(1), balance_of(2)) == (75_50, -30_00)
    # A narrower look at what is there already is in order, too: the accounts have more than the files say.
    assert "2 have other movements too" in Imported(capsys, folder, "--until", "1993-03-01").out


def test_an_account_with_movements_before_its_own_day_is_there_in_time(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_folder(tmp_path, chained(1, (MONDAY, [100])), opened={1: TUESDAY})
    found = Imported(capsys, folder, "--until", "1993-03-01")
    assert found.tally("movements") == (1, 0, 0)
    account = balances.find(account_uuid(1))
    assert account is not None
    assert account.opened_at == datetime(1993, 3, 2, tzinfo=UTC)


def test_several_files_are_one_import_and_a_row_in_two_of_them_counts_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = chained(1, *((date(1993, month, 1), [100, -30]) for month in range(1, 13)))
    folder = write_folder(tmp_path, rows[10:], opened={1: NEW_YEAR}, name="trans-a.asc")
    write(folder / "trans-b.asc", MOVEMENT_HEADER, (row.line() for row in rows[:14]))
    found = Imported(capsys, folder)
    assert found.tally("movements") == (24, 0, 0)
    assert "4 rows stand in the files more than once" in found.out
    assert found.share("match") == "12 of 12"
    assert balance_of(1) == 12 * 70


def test_two_movements_of_one_id_are_reported_and_the_first_counts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = chained(1, (MONDAY, [100, 50]))
    found = Imported(capsys, write_folder(tmp_path, [*rows, replace(rows[0], change=200, balance=350)]))
    assert "trans-1993.asc:4: trans_id 1 is another movement in trans-1993.asc:2" in found.err
    assert found.tally("movements") == (2, 0, 0)


def test_a_row_that_was_imported_with_other_contents_is_refused_and_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = chained(1, (MONDAY, [100, 50]), (TUESDAY, [-20]))
    Imported(capsys, write_folder(tmp_path, rows))
    # The last row's reported balance was corrected, which is no other movement; the second row's amount was.
    changed = [rows[0], replace(rows[1], change=60), replace(rows[2], balance=140)]
    found = Imported(capsys, write_folder(tmp_path, changed))
    assert found.tally("movements") == (0, 2, 1)
    assert "trans-1993.asc:3: refused: this id was imported before with other contents" in found.err
    assert balance_of(1) == 130


def test_unreadable_rows_are_named_and_change_nothing_else(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_folder(tmp_path, TWO_ACCOUNTS)
    bad = ['99;1;930230;"PRIJEM";"VKLAD";1.00;1.00;"";;', '98;77;930301;"PRIJEM";"VKLAD";1.00;1.00;"";;']
    write(folder / "trans-b.asc", MOVEMENT_HEADER, bad)
    found = Imported(capsys, folder)
    assert [line for line in found.err.splitlines() if line.startswith("trans")] == [
        "trans-b.asc:2: date '930230' is not a day as YYMMDD",
        "trans-b.asc:3: account 77 is unknown",
    ]
    assert "2 rows cannot be read and were left out" in found.out
    assert found.tally("movements") == (6, 0, 0)


def test_breaks_are_written_with_what_was_expected_and_what_came_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = chained(3, (MONDAY, [100_00, -30_00]), (TUESDAY, [5_50]))
    rows = [*rows[:2], replace(rows[2], balance=rows[2].balance + 10)]
    breaks = tmp_path / "breaks.csv"
    found = Imported(capsys, write_folder(tmp_path, rows), "--breaks", breaks)
    assert (found.share("match"), found.share("break"), found.share("in step")) == ("1 of 2", "1 of 2", "1 of 2")
    with breaks.open(newline="") as file:
        assert list(csv.DictReader(file)) == [
            {
                "account": "3", "date": "1993-03-02", "expected": "75.60", "computed": "75.50", "difference": "0.10",
                "book": "75.50", "drift": "0.10",
            }
        ]  # fmt: skip


def test_more_than_a_batch_goes_in_whole(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = random_bank("whole", accounts=20, days=40)
    found = Imported(capsys, write_folder(tmp_path, rows))
    assert len(rows) > 1_400
    assert found.tally("movements") == (len(rows), 0, 0)
    sums = Counter[int]()
    for row in rows:
        sums[row.account_id] += row.change
    assert {account_id: balance_of(account_id) for account_id in sums} == sums
    assert MovementRow.objects.count() == len(rows)
    assert f"ok             {len(sums)} accounts: balance = sum of the files' movements\n" in found.out


def test_what_else_happens_on_an_account_does_not_make_it_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_folder(tmp_path, TWO_ACCOUNTS)
    Imported(capsys, folder, "--until", "1993-03-01")
    deposit = Deposit(command_id=new_id(), at=timezone.now(), account_id=account_uuid(1), amount=Money(1_00, "CZK"))
    handle(deposit, by=TELLER)
    found = Imported(capsys, folder)
    assert "1 accounts: balance = sum of the files' movements (1 have other movements too)" in found.out
    assert balance_of(1) == 76_50


def test_a_refused_movement_is_named_and_breaks_its_day(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_folder(tmp_path, TWO_ACCOUNTS)
    Imported(capsys, folder, "--until", "1993-03-01")
    account = balances.find(account_uuid(2))
    assert account is not None
    everything = Withdraw(
        command_id=new_id(),
        at=timezone.now(),
        account_id=account.account_id,
        amount=Money(account.available_minor - 95_00, "CZK"),
    )
    handle_all([everything], by=TELLER)
    found = Imported(capsys, folder)
    assert found.tally("movements") == (2, 3, 1)
    assert re.search(
        r"^trans-1993\.asc:7: refused: The balance does not cover this: 5\.00 CZK", found.err, re.MULTILINE
    )
    assert found.share("break") == "1 of 4"


@pytest.mark.parametrize(
    "damage",
    [
        "update readmodels_account set balance_minor = balance_minor + 1 where name = 'PKDD99 2'",
        "update readmodels_movement set amount_minor = amount_minor + 1 where stream_position = 3",
        "update readmodels_daily_flow set amount_minor = amount_minor + 1 where kind = 'deposit' and count = 1",
        "delete from readmodels_movement where stream_position = 2",
    ],
)
def test_a_balance_that_is_not_the_sum_of_its_movements_fails_the_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], damage: str
) -> None:
    folder = write_folder(tmp_path, TWO_ACCOUNTS)
    Imported(capsys, folder)
    with connection.cursor() as cursor:
        cursor.execute(damage)
    with pytest.raises(CommandError, match="not the sum"):
        Imported(capsys, folder)
    assert "WRONG" in capsys.readouterr().out


def test_a_folder_that_cannot_be_read_changes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(CommandError, match=r"trans\*\.asc"):
        Imported(capsys, tmp_path)
    folder = write_folder(tmp_path, TWO_ACCOUNTS)
    (folder / "trans-z.asc").write_text("not a header\n")
    with pytest.raises(CommandError, match=r"trans-z\.asc:1"):
        Imported(capsys, folder)
    with pytest.raises(CommandError, match="Cannot write"):
        Imported(capsys, folder, "--breaks", tmp_path / "nowhere" / "breaks.csv")
    with pytest.raises(CommandError, match="1993-02-30"):
        Imported(capsys, folder, "--until", "1993-02-30")
    assert not Command.objects.exists()


@pytest.mark.fault
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_stopped_in_the_middle_and_run_again_it_adds_only_what_is_missing(tmp_path: Path, how: signal.Signals) -> None:
    # Enough for several seconds: a second after its first batches it must still be at work.
    rows = random_bank("stopped", accounts=120, days=120)
    folder = write_folder(tmp_path, rows)
    all_commands = len(rows) + 2 * 120

    err = stop_when(manage("import_pkdd99", str(folder)), lambda: Command.objects.count() >= 2_000, how)
    assert 2_000 <= Command.objects.count() < all_commands
    assert ("Run it again" in err) == (how is signal.SIGINT)

    there = Command.objects.count()
    again = run("import_pkdd99", str(folder))
    assert again.returncode == 0, again.stderr
    assert f"{all_commands - there:,} new, {len(rows) - (all_commands - there):,} there already" in again.stdout
    assert Command.objects.count() == all_commands
    assert Event.objects.count() == all_commands
    assert sum(AccountRow.objects.values_list("balance_minor", flat=True)) == sum(row.change for row in rows)


def test_a_paused_report_is_named_instead_of_waited_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_folder(tmp_path, TWO_ACCOUNTS)
    Imported(capsys, folder, "--until", "1993-03-01")
    with connection.cursor() as cursor:
        cursor.execute("update ledger_checkpoint set status = 'paused' where projection = 'movements'")
    with pytest.raises(CommandError, match="movements paused"):
        Imported(capsys, folder)
    assert balance_of(1) == 75_50
