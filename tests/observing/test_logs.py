"""Log lines: JSON with the same fields always, and nothing in them that a customer or a client wrote."""

import io
import json
import logging
import sys
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
import structlog
from django.test import Client, RequestFactory

from bank.ops import logs, work
from ledger.ids import new_id
from tests.api.given import Account, a_customer, a_user, an_account, api_of

NAME, EMAIL, IBAN = "Zaphod Quux", "zaphod.quux@example.org", "DE89370400440532013000"
TOKEN = "pbk_Zm9yIGEgdGVzdCBvbmx5LCBub3RoaW5nIGVsc2U"

Lines = Callable[[], list[dict[str, Any]]]


def a_handler(kind: str) -> tuple[logging.Handler, io.StringIO]:
    """A handler as LOGGING makes it, that writes here."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.formatter(kind))
    return handler, stream


@pytest.fixture
def lines() -> Iterator[Lines]:
    """What any logger has written so far, parsed."""
    handler, stream = a_handler(logs.JSON)
    root = logging.getLogger()
    root.addHandler(handler)
    yield lambda: [json.loads(line) for line in stream.getvalue().split("\n")[:-1]]
    root.removeHandler(handler)


def test_a_line_has_its_time_level_logger_and_event_first(lines: Lines) -> None:
    logging.getLogger("ledger.somewhere").warning("the %s is %s", "answer", 42)
    (line,) = lines()
    assert list(line) == ["timestamp", "level", "logger", "event"]
    assert (line["level"], line["logger"], line["event"]) == ("warning", "ledger.somewhere", "the answer is 42")
    assert line["timestamp"].endswith("Z")


def test_fields_of_a_line_are_fields(lines: Lines) -> None:
    structlog.stdlib.get_logger("bank.test").info("something", count=3, share=0.5, of=new_id())
    (line,) = lines()
    assert (line["event"], line["count"], line["share"], len(line["of"])) == ("something", 3, 0.5, 36)


def test_whatever_is_said_a_line_is_one_line(lines: Lines) -> None:
    logging.getLogger("bank.test").error('two\nlines \u2028 \x00 \x1b[31m and a " quote')
    assert lines()[0]["event"] == 'two\nlines \u2028 \x00 \x1b[31m and a " quote'
    assert len(lines()) == 1


def test_a_line_of_a_request_says_whose_it_is(lines: Lines) -> None:
    request = RequestFactory().get("/somewhere")
    mine = work.RequestWork(request)
    token = work.begin(mine)
    logging.getLogger("ledger.somewhere").info("within")
    work.end(token)
    logging.getLogger("ledger.somewhere").info("outside")
    within, outside = lines()
    assert within["request_id"] == mine.request_id
    assert (within["actor"], within["route"]) == (None, None)
    assert "request_id" not in outside


def failing_statement() -> psycopg.Error:
    """PostgreSQL's own words about a row that it does not take."""
    from ledger.connections import transaction

    try:
        with transaction() as cur:
            cur.execute(
                "insert into readmodels_customer (customer_id, name, email) values (%s, %s, %s)",
                (new_id(), f"{NAME}\nthe\nthird", None),
            )
    except psycopg.Error as error:
        return error
    raise AssertionError("it was taken")


@pytest.mark.django_db(transaction=True)
def test_rows_that_postgresql_quotes_are_withheld(lines: Lines) -> None:
    error = failing_statement()
    assert "Zaphod" in str(error), "else this proves nothing"
    logging.getLogger("bank.test").error("refused: %s", error)
    logging.getLogger("bank.test").error("refused", exc_info=error)
    text = json.dumps(lines())
    assert "Zaphod" not in text
    assert "third" not in text
    assert "Traceback" in lines()[1]["exception"]
    assert "readmodels_customer" in text


@pytest.mark.parametrize(
    "secret",
    [
        IBAN,
        "DE89 3704 0044 0532 0130 00",
        "GB29NWBK60161331926819",
        EMAIL,
        TOKEN,
        f"Bearer {TOKEN}",
        "Bearer abcdef0123456789",
        "Basic dXNlcjpwYXNzd29yZA==",
        "secretpassword",
    ],
)
@pytest.mark.parametrize("where", ["event", "field", "error"])
def test_what_errors_quote_of_clients_is_taken_out(lines: Lines, secret: str, where: str) -> None:
    said = f"postgresql://bank:{secret}@db/x" if secret == "secretpassword" else f"cannot read {secret}, sorry"
    logger = structlog.stdlib.get_logger("bank.test")
    if where == "event":
        logger.warning(said)
    elif where == "field":
        logger.warning("odd", seen=said)
    else:
        try:
            raise ValueError(said)
        except ValueError:
            logger.exception("failed")
    # A time has digits, too.
    text = json.dumps([{name: value for name, value in line.items() if name != "timestamp"} for line in lines()])
    assert secret not in text
    assert not any(part in text for part in secret.split()[1:] if len(part) > 2)
    assert ("sorry" in text) == ("sorry" in said)


def test_ids_are_not_taken_for_account_numbers(lines: Lines) -> None:
    said = f"stream {new_id()} is at version 3, not 2; hash {'0af1' * 16}; celery@vm ready."
    logging.getLogger("bank.test").info(said)
    assert lines()[0]["event"] == said


def test_local_variables_are_not_shown(lines: Lines) -> None:
    def fail(secret: str) -> None:
        raise ValueError("failed")

    try:
        fail("Zaphod" + " Quux")
    except ValueError:
        logging.getLogger("bank.test").exception("failed")
    assert NAME not in json.dumps(lines())


def test_console_lines_are_for_people_and_withhold_the_same() -> None:
    handler, stream = a_handler(logs.CONSOLE)
    record = logging.getLogger("bank.test").makeRecord("bank.test", 30, "", 0, "for %s", (EMAIL,), None)
    handler.handle(record)
    written = stream.getvalue()
    assert "for [email]" in written
    assert not written.startswith("{")


def test_the_format_follows_whoever_reads_unless_it_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    assert logs.chosen_format("json") == logs.JSON
    assert logs.chosen_format("console") == logs.CONSOLE
    for terminal, format_ in ((True, logs.CONSOLE), (False, logs.JSON)):
        monkeypatch.setattr(sys.stderr, "isatty", lambda terminal=terminal: terminal)
        assert logs.chosen_format("") == format_
    with pytest.raises(ValueError, match="LOG_FORMAT=xml"):
        logs.chosen_format("xml")


# --- of requests


@pytest.fixture
def account(transactional_db: None, static_files: None) -> Account:
    return an_account(a_customer(NAME), 500_00, name="Zaphod's holidays")


def accesses(lines: Lines) -> list[dict[str, Any]]:
    return [line for line in lines() if line["logger"] == "bank.access"]


def test_each_request_has_one_line_with_who_where_and_how_it_went(lines: Lines, account: Account) -> None:
    user, request_id = a_user("teller"), str(new_id())
    assert api_of(user).get(account.path, X_Request_ID=request_id).status == 200
    (line,) = accesses(lines)
    assert line["event"] == "request"
    assert (line["method"], line["status"], line["request_id"]) == ("GET", 200, request_id)
    assert (line["actor"], line["route"]) == (f"user:{user.pk}", "/api/v1/accounts/<str:account_id>")
    assert 0 < line["milliseconds"] < 10_000


def test_the_line_of_a_request_is_for_people_too(account: Account) -> None:
    handler, stream = a_handler(logs.CONSOLE)
    logging.getLogger().addHandler(handler)
    try:
        assert api_of(a_user("teller")).get(account.path).status == 200
    finally:
        logging.getLogger().removeHandler(handler)
    (written,) = [line for line in stream.getvalue().splitlines() if "bank.access" in line]
    assert "request" in written
    assert "method=GET" in written
    assert "status=200" in written
    assert "route=/api/v1/accounts/<str:account_id>" in written


def test_pages_name_who_is_signed_in_without_asking_for_it(lines: Lines, account: Account) -> None:
    user, client = a_user("teller"), Client()
    client.force_login(user)
    client.get(f"/accounts/{account.id}")
    client.get("/livez")
    page, livez = accesses(lines)
    assert (page["actor"], page["route"]) == (f"user:{user.pk}", "/accounts/<uuid:account_id>")
    assert (livez["actor"], livez["route"]) == (None, "/livez")


def test_refused_and_wrong_requests_have_their_line_too(lines: Lines, account: Account) -> None:
    api_of(a_user("teller")).send("POST", f"{account.path}/deposits", b"{", headers={"Idempotency_Key": str(new_id())})
    Client().get("/nowhere")
    wrong, nowhere = accesses(lines)
    assert (wrong["status"], nowhere["status"]) == (400, 404)
    assert nowhere["route"] is None


def test_nothing_of_customers_or_clients_is_logged(lines: Lines, account: Account) -> None:
    teller = api_of(a_user("teller"))
    body = {"name": NAME, "email": EMAIL}
    assert teller.post("/customers", body).status == 201
    teller.post("/customers", {**body, "surplus": IBAN})
    teller.get("/customers", {"q": NAME, "email": EMAIL})
    teller.get(f"/accounts/{account.iban}")
    amount = {"amount": {"amount": "7654.32", "currency": "EUR"}, "reference": "for my Zaphod"}
    teller.post(f"{account.path}/withdrawals", amount)
    api_of(a_user("teller"), "accounts:read").post(f"{account.path}/deposits", amount)
    Client().post("/sign-in", {"login": EMAIL, "password": "a password of Zaphod's"})
    Client().get("/accounts", headers={"Authorization": f"Bearer {TOKEN}"})
    text = json.dumps(lines())
    assert len(accesses(lines)) == 8
    for secret in ("Zaphod", "zaphod", EMAIL, account.iban, IBAN, "7654", str(teller.token), TOKEN, "password"):
        assert secret not in text
