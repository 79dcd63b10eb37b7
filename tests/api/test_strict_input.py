"""Bodies and parameters: what two readers could read differently is refused, and nothing ever crashes."""

import json
from typing import Any

import pytest

from bank.api.strict_json import MAX_BODY_BYTES, MAX_DEPTH
from tests.api.client import Api, eur
from tests.api.given import Account, a_user, api_of

pytestmark = pytest.mark.django_db

GOOD = b'{"amount": {"amount": "1.00", "currency": "EUR"}}'


def nested(levels: int) -> bytes:
    """A deposit with a field of arrays, so that the whole is `levels` deep."""
    return b'{"reference": ' + b"[" * (levels - 1) + b"]" * (levels - 1) + b"}"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "required"),
        (b"   ", 400, "malformed_json"),
        (b"{", 400, "malformed_json"),
        (b"nonsense", 400, "malformed_json"),
        (b"{'amount': 1}", 400, "malformed_json"),
        (GOOD + b" x", 400, "malformed_json"),
        (GOOD + GOOD, 400, "malformed_json"),
        (b"\xef\xbb\xbf" + GOOD, 400, "malformed_json"),
        (GOOD.decode().encode("utf-16"), 400, "malformed_json"),
        (b'{"reference": "\xff"}', 400, "malformed_json"),
        (b'{"reference": "\xed\xa0\x80"}', 400, "malformed_json"),
        (b'{"reference": "a\nb"}', 400, "malformed_json"),
        (b'{"reference": NaN}', 400, "malformed_json"),
        (b'{"reference": Infinity}', 400, "malformed_json"),
        (b'{"reference": -Infinity}', 400, "malformed_json"),
        (b'{"reference": ' + b"9" * 5000 + b"}", 400, "malformed_json"),
        (b'{"reference": 1e999, "amount": {"amount": "1.00", "currency": "EUR"}}', 400, "invalid_text"),
        (b"[]", 400, "not_an_object"),
        (b'"amount"', 400, "not_an_object"),
        (b"1", 400, "not_an_object"),
        (b"null", 400, "not_an_object"),
        (b"true", 400, "not_an_object"),
        (b'{"reference": "a", "reference": "a"}', 400, "duplicate_name"),
        (b'{"amount": {"amount": "1", "amount": "2", "currency": "EUR"}}', 400, "duplicate_name"),
        (b'{"reference": "a\\u0000b"}', 400, "invalid_text"),
        (b'{"a\\u0000": 1}', 400, "invalid_text"),
        (b'{"reference": "\\ud800"}', 400, "invalid_text"),
        (b'{"reference": "\\udc00\\ud800"}', 400, "invalid_text"),
        (nested(MAX_DEPTH + 1), 400, "too_deep"),
        (b'{"reference":' * 20_000 + b"1" + b"}" * 20_000, 413, "body_too_large"),
        (nested(MAX_BODY_BYTES // 2 - 20), 400, "too_deep"),
        (GOOD.ljust(MAX_BODY_BYTES + 1), 413, "body_too_large"),
        (GOOD.ljust(3_000_000), 413, "body_too_large"),
    ],
)
def test_a_malformed_body_is_refused(teller: Api, account: Account, body: bytes, status: int, code: str) -> None:
    answer = teller.send("POST", f"{account.path}/deposits", body, headers={"Idempotency-Key": "k"})
    assert (answer.status, answer.code) == (status, code)


def test_a_body_at_the_limit_of_size_is_read(teller: Api, account: Account) -> None:
    body = GOOD.ljust(MAX_BODY_BYTES)
    assert teller.send("POST", f"{account.path}/deposits", body, headers={"Idempotency-Key": "k"}).status == 201


def test_nesting_at_the_limit_is_read_and_judged_by_its_fields(teller: Api, account: Account) -> None:
    answer = teller.send("POST", f"{account.path}/deposits", nested(MAX_DEPTH), headers={"Idempotency-Key": "k"})
    assert answer.code == "invalid_input"
    assert answer.pointers == ["/amount", "/reference"]


def test_escaped_pairs_of_surrogates_are_text(teller: Api, account: Account) -> None:
    body = b'{"amount": {"amount": "1.00", "currency": "EUR"}, "reference": "\\ud83d\\ude00"}'
    answer = teller.send("POST", f"{account.path}/deposits", body, headers={"Idempotency-Key": "k"})
    assert answer.body["events"][0]["data"]["reference"] == "\N{GRINNING FACE}"


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 201),
        ("application/json; charset=utf-8", 201),
        ('application/json;charset="UTF-8"', 201),
        ("Application/JSON", 201),
        ("application/json; charset=latin-1", 415),
        ("application/json; charset=utf-16", 415),
        ("application/problem+json", 415),
        ("application/jsonx", 415),
        ("text/json", 415),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=x", 415),
        ("multipart/form-data", 415),
        ("*/*", 415),
        ("nonsense", 415),
        ("", 415),
    ],
)
def test_only_json_is_taken(teller: Api, account: Account, content_type: str, status: int) -> None:
    answer = teller.send("POST", f"{account.path}/deposits", GOOD, content_type, headers={"Idempotency-Key": "k"})
    assert answer.status == status
    if status == 415:
        assert answer.code == "unsupported_media_type"


def test_a_body_without_a_length_is_not_taken_for_an_empty_one(teller: Api, account: Account) -> None:
    answer = teller.send(
        "POST", f"{account.path}/freeze", b"", headers={"Idempotency-Key": "k", "Transfer-Encoding": "chunked"}
    )
    assert (answer.status, answer.code) == (411, "length_required")


@pytest.mark.parametrize("content_type", ["application/json", ""])
def test_where_no_field_is_needed_no_body_is_needed(teller: Api, account: Account, content_type: str) -> None:
    answer = teller.send("POST", f"{account.path}/freeze", b"", content_type, headers={"Idempotency-Key": "k"})
    assert answer.status == 201


@pytest.mark.parametrize(
    ("call", "body", "pointer", "code"),
    [
        ("deposits", {"amount": eur("1"), "surprise": 1}, "/surprise", "unknown_field"),
        ("deposits", {"amount": {**eur("1"), "note": "x"}}, "/amount/note", "unknown_field"),
        ("deposits", {"amount": eur("1"), "a/b~c": 1}, "/a~1b~0c", "unknown_field"),
        ("deposits", {"amount": eur("1"), "": 1}, "/", "unknown_field"),
        ("deposits", {"reference": "x"}, "/amount", "required"),
        ("deposits", {"amount": None}, "/amount", "invalid_amount"),
        ("deposits", {"amount": eur("1"), "reference": None}, "/reference", "null"),
        ("deposits", {"amount": eur("1"), "reference": 5}, "/reference", "invalid_text"),
        ("deposits", {"amount": eur("1"), "reference": ["x"]}, "/reference", "invalid_text"),
        ("deposits", {"amount": eur("1"), "reference": "x" * 141}, "/reference", "too_long"),
        ("deposits", {"amount": eur("1"), "reference": "a\tb"}, "/reference", "invalid_text"),
        ("deposits", {"amount": eur("1"), "reference": "a\u202eb"}, "/reference", "invalid_text"),
        ("deposits", {"amount": eur("1"), "reference": "a\u2028b"}, "/reference", "invalid_text"),
        ("withdrawals", {"amount": eur("1"), "to": "x"}, "/to", "unknown_field"),
        ("freeze", {"reason": 1}, "/reason", "invalid_text"),
        ("freeze", {"because": "x"}, "/because", "unknown_field"),
        ("unfreeze", {"because": "x"}, "/because", "unknown_field"),
        ("close", {"because": "x"}, "/because", "unknown_field"),
        ("overdraft-limit", {"amount": eur("1")}, None, "invalid_input"),
        ("overdraft-limit", {"overdraft_limit": "1.00"}, "/overdraft_limit", "invalid_amount"),
    ],
)
def test_a_wrong_field_is_named(
    teller: Api, account: Account, call: str, body: dict[str, Any], pointer: str | None, code: str
) -> None:
    answer = teller.post(f"{account.path}/{call}", body)
    assert (answer.status, answer.code) == (400, code)
    if pointer is not None:
        assert answer.pointers == [pointer]


def test_every_wrong_field_is_named_up_to_twenty(teller: Api, account: Account) -> None:
    answer = teller.post(f"{account.path}/deposits", {f"field{n}": n for n in range(500)})
    assert answer.code == "invalid_input"
    assert len(answer.pointers) == 20


def test_a_reference_at_its_limit_is_taken_and_trimmed_to_one_form(teller: Api, account: Account) -> None:
    answer = teller.post(f"{account.path}/deposits", {"amount": eur("1"), "reference": " " + "e\u0301" * 140 + " "})
    assert answer.body["events"][0]["data"]["reference"] == "\u00e9" * 140


@pytest.mark.parametrize(
    ("path", "pointer", "code"),
    [
        ("/me?x=1", "/x", "unknown_parameter"),
        ("/accounts?page=2", "/page", "unknown_parameter"),
        ("/accounts?limit=0", "/limit", "invalid_limit"),
        ("/accounts?limit=201", "/limit", "invalid_limit"),
        ("/accounts?limit=-1", "/limit", "invalid_limit"),
        ("/accounts?limit=1.5", "/limit", "invalid_limit"),
        ("/accounts?limit=%2B1", "/limit", "invalid_limit"),
        ("/accounts?limit=%D9%A1", "/limit", "invalid_limit"),
        ("/accounts?limit=", "/limit", "invalid_limit"),
        ("/accounts?limit=" + "9" * 5000, "/limit", "invalid_limit"),
        ("/accounts?limit=1&limit=1", "/limit", "repeated_parameter"),
        ("/accounts?cursor=x", "/cursor", "invalid_cursor"),
        ("/accounts?cursor=%00", "/cursor", "invalid_text"),
        ("/accounts?cursor=" + "A" * 300, "/cursor", "too_long"),
        ("/accounts?cursor=%c3%a9", "/cursor", "invalid_cursor"),
        ("/customers?x=1", "/x", "unknown_parameter"),
        ("{account}?x=1", "/x", "unknown_parameter"),
        ("{account}?version=0", "/version", "invalid_version"),
        ("{account}?version=x", "/version", "invalid_version"),
        ("{account}?version=2147483648", "/version", "invalid_version"),
        ("{account}?as_of=yesterday", "/as_of", "invalid_timestamp"),
        ("{account}?as_of=2026-01-01", "/as_of", "invalid_timestamp"),
        ("{account}?as_of=2026-01-01T00:00:00", "/as_of", "invalid_timestamp"),
        ("{account}?as_of=2026-02-30T00:00:00Z", "/as_of", "invalid_timestamp"),
        ("{account}?as_of=0000-01-01T00:00:00Z", "/as_of", "invalid_timestamp"),
        ("{account}?as_of=0001-01-01T00:00:00%2B23:59", "/as_of", "invalid_timestamp"),
        ("{account}?as_of=9999-12-31T23:59:59-23:59", "/as_of", "invalid_timestamp"),
        ("{account}?as_of=2026-01-01T00:00:00%2B25:00", "/as_of", "invalid_timestamp"),
        ("{account}?as_of=2026-01-01T24:00:01Z", "/as_of", "invalid_timestamp"),
        ("{account}/transactions?x=1", "/x", "unknown_parameter"),
        ("{account}/transactions?from=2026-13-01", "/from", "invalid_date"),
        ("{account}/transactions?to=20260101", "/to", "invalid_date"),
        ("{account}/transactions?to=2026-01-01T00:00:00", "/to", "invalid_date"),
        ("{account}/transactions?from=0001-01-01T00:00:00%2B23:59", "/from", "invalid_date"),
        ("{account}/transactions?kind=gift", "/kind", "invalid_choice"),
        ("{account}/transactions?min_amount=1.001", "/min_amount", "invalid_amount"),
        ("{account}/transactions?max_amount=-1", "/max_amount", "invalid_amount"),
        ("{account}/transactions?q=%00", "/q", "invalid_text"),
        ("{account}/transactions?q=" + "x" * 201, "/q", "too_long"),
        ("{account}/transactions?consistent_with=x", "/consistent_with", "invalid_consistency_token"),
        ("/reports/daily_flows?x=1", "/x", "unknown_parameter"),
        ("/reports/daily_flows?from=x", "/from", "invalid_date"),
        ("/reports/daily_flows?currency=EURO", "/currency", "invalid_currency"),
        ("/reports/daily_flows?consistent_with=%C3%A9", "/consistent_with", "invalid_consistency_token"),
    ],
)
def test_a_wrong_parameter_is_named(teller: Api, account: Account, path: str, pointer: str, code: str) -> None:
    answer = teller.get(path.format(account=account.path))
    assert (answer.status, answer.code) == (400, code)
    assert answer.pointers == [pointer]


@pytest.mark.parametrize(
    ("query", "pointer", "code"),
    [
        ("x=1", "/x", "unknown_parameter"),
        ("after=-1", "/after", "invalid_position"),
        ("after=1e3", "/after", "invalid_position"),
        ("after=" + "9" * 19, "/after", "invalid_position"),
        ("stream=x", "/stream", "invalid_id"),
        ("correlation_id=1", "/correlation_id", "invalid_id"),
        ("from=now", "/from", "invalid_timestamp"),
        ("to=2026-01-01", "/to", "invalid_timestamp"),
        ("type=%00", "/type", "invalid_text"),
        ("actor=" + "x" * 201, "/actor", "too_long"),
    ],
)
def test_a_wrong_parameter_of_the_feed_is_named(auditor: Api, query: str, pointer: str, code: str) -> None:
    answer = auditor.get(f"/events?{query}")
    assert (answer.status, answer.code) == (400, code)
    assert answer.pointers == [pointer]


@pytest.mark.parametrize(
    "path",
    [
        "{account}?version=2147483647",
        "{account}?as_of=0001-01-01T00:00:00Z",
        "{account}?as_of=9999-12-31T23:59:59.999999999z",
        "{account}/transactions?from=0001-01-01&to=9999-12-31",
        "{account}/transactions?min_amount=9999999999999&max_amount=9999999999999.99",
        "{account}/transactions?q=%25_%5C",
        "/reports/daily_flows?from=0001-01-01&to=9999-12-31",
        "/reports/daily_flows?currency=KWD",
    ],
)
def test_odd_parameters_are_answered(teller: Api, account: Account, path: str) -> None:
    assert teller.get(path.format(account=account.path)).status in {200, 404}


def test_the_last_position_there_could_be_is_answered(auditor: Api) -> None:
    assert auditor.get(f"/events?after={'9' * 18}").body["data"] == []
    assert auditor.get(f"/events/{'9' * 18}").status == 404


@pytest.mark.parametrize("position", ["0", "-1", "x", "1.0", "9" * 30, "\u0661", "%00"])
def test_a_place_that_the_book_does_not_have_is_404(auditor: Api, position: str) -> None:
    assert auditor.get(f"/events/{position}").code == "event_not_found"


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "1",
        "%00",
        "%ff",
        "..",
        "00000000-0000-0000-0000-000000000000",
        "{hex}",
        "{{{id}}}",
        "urn:uuid:{id}",
        "{id}%20",
    ],
)
@pytest.mark.parametrize("call", ["", "/transactions"])
def test_what_is_no_accounts_id_is_404(teller: Api, account: Account, text: str, call: str) -> None:
    path = f"/accounts/{text.format(id=account.id, hex=account.id.hex)}{call}"
    assert teller.get(path).code == "account_not_found"


def test_an_id_is_read_in_any_case(teller: Api, account: Account) -> None:
    assert teller.get(f"/accounts/{str(account.id).upper()}").body["id"] == str(account.id)


def test_a_post_takes_no_parameters(teller: Api, account: Account) -> None:
    assert teller.post(f"{account.path}/deposits?x=1", {"amount": eur("1")}).code == "unknown_parameter"


def test_more_parameters_than_anybody_needs_are_400() -> None:
    api = api_of(a_user("teller"))
    answer = api.get("/accounts?" + "&".join(f"p{n}=1" for n in range(2000)))
    assert (answer.status, answer.code) == (400, "bad_request")


def test_answers_are_json_whatever_the_client_accepts(teller: Api) -> None:
    answer = teller.get("/me", Accept="text/html")
    assert (answer.status, answer.header("Content-Type")) == (200, "application/json")
    assert json.loads(answer.response.content)


@pytest.mark.parametrize("query", ["q=%ff", "q=a%ED%A0%80", "q=%c3", "q=%C0%80"])
def test_a_query_that_is_no_utf8_is_refused_and_not_read_as_something_else(
    teller: Api, account: Account, query: str
) -> None:
    answer = teller.get(f"{account.path}/transactions?{query}")
    assert (answer.status, answer.code) == (400, "bad_request")
    assert teller.get(f"{account.path}/transactions?q=%EF%BF%BD%C3%A9").status == 200
