"""Reading the files: what a bad row is, and that it spoils nothing but itself."""

from datetime import date
from pathlib import Path

import pytest

from bank.ops.pkdd99.files import (
    FolderUnreadable,
    ListedAccount,
    Movement,
    Problem,
    movement_files,
    read_accounts,
    read_movements,
)
from tests.ops_data.bank_files import (
    ACCOUNT_HEADER,
    CLIENT_HEADER,
    DISPOSITION_HEADER,
    MOVEMENT_HEADER,
    chained,
    write,
    write_folder,
)

GOOD = '7;1;930105;"PRIJEM";"PREVOD Z UCTU";5123.00;5923.00;"DUCHOD";"YZ";"62457513"'


def read(path: Path) -> tuple[list[Movement], list[Problem]]:
    problems: list[Problem] = []
    movements = [movement for _, movement in read_movements(path, {1}, problems.append)]
    return movements, problems


def read_line(tmp_path: Path, line: str | bytes) -> tuple[list[Movement], list[Problem]]:
    """`line` as the third of four, between two good rows."""
    raw = line if isinstance(line, bytes) else line.encode()
    last = GOOD.replace("7;", "8;", 1)
    path = tmp_path / "trans.asc"
    path.write_bytes(b"\n".join([MOVEMENT_HEADER.encode(), GOOD.encode(), raw, last.encode(), b""]))
    return read(path)


def test_a_row_is_read_as_it_stands_in_the_file(tmp_path: Path) -> None:
    movements, problems = read_line(tmp_path, '9;1;931231;"VYBER";"VYBER";14.6;-25786.20;" ";;"0"')
    assert not problems
    assert movements[0] == Movement(
        trans_id=7,
        account_id=1,
        date=date(1993, 1, 5),
        change_minor=512300,
        balance_minor=592300,
        operation="PREVOD Z UCTU",
        purpose="DUCHOD",
        counterparty="62457513/YZ",
    )
    assert movements[1] == Movement(
        trans_id=9,
        account_id=1,
        date=date(1993, 12, 31),
        change_minor=-1460,
        balance_minor=-2578620,
        operation="VYBER",
        purpose="",
        counterparty="",
    )


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (GOOD.replace("930105", "930229"), "date '930229' is not a day"),
        (GOOD.replace("930105", "1993-01-05"), "date '1993-01-05' is not a day"),
        (GOOD.replace("930105", ""), "date '' is not a day"),
        (GOOD.replace("930105", "٩٣٠١٠٥"), "is not a day"),
        (GOOD.replace("5123.00", "5.123,00"), "amount '5.123,00'"),
        (GOOD.replace("5123.00", "-5123.00"), "amount '-5123.00'"),
        (GOOD.replace("5123.00", "0.00"), "amount '0.00'"),
        (GOOD.replace("5123.00", "5123.005"), "amount '5123.005'"),
        (GOOD.replace("5123.00", "NaN"), "amount 'NaN'"),
        (GOOD.replace("5123.00", "1e3"), "amount '1e3'"),
        (GOOD.replace("5923.00", "--1.00"), "balance"),
        (GOOD.replace("5923.00", ""), "balance ''"),
        (GOOD.replace("7;1;", "x;1;"), "trans_id 'x' is not a number"),
        (GOOD.replace("7;1;", "7;;"), "account_id '' is not a number"),
        (GOOD.replace("7;1;", "7;2;"), "account 2 is unknown"),
        (GOOD.replace("7;1;", f"{'9' * 19};1;"), "is not a number"),
        (GOOD.replace("PRIJEM", "PŘÍJEM"), "type"),
        (GOOD.replace("DUCHOD", "DU\x00CHOD"), "k_symbol"),
        (GOOD.replace("DUCHOD", "D" * 141), "k_symbol"),
        (GOOD + ";", "11 columns instead of 10"),
        (GOOD.rpartition(";")[0], "9 columns instead of 10"),
        ("just words", "1 columns instead of 10"),
        (GOOD.replace('"DUCHOD"', '"DUCHOD'), "quotes"),
        (GOOD.replace('"DUCHOD"', '"DUC"HOD"'), "quotes"),
        (GOOD.encode().replace(b"DUCHOD", b"D\xdaCHOD"), "not text in UTF-8"),
        (GOOD.replace("DUCHOD", "D" * 20_000), "longer than 10000 bytes"),
    ],
)
def test_a_row_that_cannot_be_read_is_reported_with_its_line_and_spoils_no_other(
    tmp_path: Path, line: str | bytes, reason: str
) -> None:
    movements, problems = read_line(tmp_path, line)
    assert [movement.trans_id for movement in movements] == [7, 8]
    assert [(p.file, p.line) for p in problems] == [("trans.asc", 3)]
    assert reason in problems[0].reason


def test_what_is_shown_of_a_bad_row_is_short_and_safe_for_a_terminal(tmp_path: Path) -> None:
    _, problems = read_line(tmp_path, GOOD.replace("930105", "\x1b[2J" + "9" * 500))
    assert "\x1b" not in str(problems[0])
    assert len(str(problems[0])) < 120


def test_line_ends_of_windows_a_byte_order_mark_and_blank_lines_are_no_problem(tmp_path: Path) -> None:
    path = tmp_path / "trans.asc"
    path.write_bytes(b"\xef\xbb\xbf" + f"{MOVEMENT_HEADER}\r\n\r\n{GOOD}\r\n\r\n".encode() + b"\x1a")
    movements, problems = read(path)
    assert [movement.trans_id for movement in movements] == [7]
    assert not problems


def test_columns_are_found_by_their_names(tmp_path: Path) -> None:
    path = tmp_path / "trans.asc"
    names, fields = MOVEMENT_HEADER.split(";")[::-1], GOOD.split(";")[::-1]
    path.write_text(";".join(['"extra"', *names]) + "\n" + ";".join(["1", *fields]) + "\n")
    movements, problems = read(path)
    assert [(m.trans_id, m.balance_minor) for m in movements] == [(7, 592300)]
    assert not problems


@pytest.mark.parametrize("header", ["", GOOD, MOVEMENT_HEADER.replace('"balance";', ""), '"open'])
def test_a_file_without_its_header_is_no_file_to_begin_with(tmp_path: Path, header: str) -> None:
    path = tmp_path / "trans.asc"
    path.write_text(f"{header}\n{GOOD}\n" if header else "")
    with pytest.raises(FolderUnreadable, match=r"trans\.asc"):
        read(path)


def test_a_folder_without_its_files_is_no_folder_to_begin_with(tmp_path: Path) -> None:
    with pytest.raises(FolderUnreadable, match=r"no trans\*\.asc"):
        movement_files(tmp_path)
    with pytest.raises(FolderUnreadable, match=r"account\.asc"):
        read_accounts(tmp_path, print)
    for missing in ("client.asc", "disp.asc"):
        folder = write_folder(tmp_path / missing, chained(1, (date(1993, 1, 5), [100])))
        (folder / missing).unlink()
        with pytest.raises(FolderUnreadable, match=missing):
            read_accounts(folder, print)


def test_all_files_of_movements_are_read_and_no_others(tmp_path: Path) -> None:
    for name in ("trans-1994.asc", "trans.asc", "trans-1993.asc", "transfers.txt", "order.asc"):
        (tmp_path / name).touch()
    assert [path.name for path in movement_files(tmp_path)] == ["trans-1993.asc", "trans-1994.asc", "trans.asc"]


def test_an_account_belongs_to_its_owner_not_to_who_else_may_use_it(tmp_path: Path) -> None:
    folder = write_folder(tmp_path, [], opened={5: date(1993, 2, 3)})
    problems: list[Problem] = []
    assert read_accounts(folder, problems.append) == {
        5: ListedAccount(account_id=5, client_id=50, opened_date=date(1993, 2, 3), line=2)
    }
    assert not problems


def test_accounts_that_do_not_fit_together_are_reported_and_left_out(tmp_path: Path) -> None:
    accounts = ['1;1;"A";930101', '1;1;"A";930102', '2;1;"A";930101', '3;1;"A";930132', '4;1;"A";930101']
    write(tmp_path / "account.asc", ACCOUNT_HEADER, accounts)
    write(tmp_path / "client.asc", CLIENT_HEADER, ['10;"706213";18', '40;"706213";18', 'x;"706213";18'])
    owners = ['1;10;1;"OWNER"', '2;40;1;"OWNER"', '3;20;2;"OWNER"', '4;10;9;"OWNER"', '5;40;4;"owner"']
    write(tmp_path / "disp.asc", DISPOSITION_HEADER, owners)
    problems: list[Problem] = []
    assert list(read_accounts(tmp_path, problems.append)) == [1]
    assert sorted(map(str, problems)) == [
        "account.asc:3: account 1 is in line 2 already",
        "account.asc:4: account 2 has no OWNER in disp.asc",
        "account.asc:5: date '930132' is not a day as YYMMDD",
        "account.asc:6: account 4 has no OWNER in disp.asc",
        "client.asc:4: client_id 'x' is not a number",
        "disp.asc:3: account 1 has client 10 as its OWNER already",
        "disp.asc:4: client 20 is unknown",
        "disp.asc:5: account 9 is unknown",
        "disp.asc:6: type 'owner' is none of OWNER, DISPONENT",
    ]
