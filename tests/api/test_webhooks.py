"""/webhook-endpoints: registered by operations, steered by commands on record, the secret in one answer only."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.handler import find_outcome
from bank.webhooks.models import Delivery, Secret
from ledger.records import rfc3339
from ledger.runner import drain
from tests.acting import as_owner
from tests.api.client import Api, eur
from tests.api.given import Account, a_user, api_of
from tests.webhooks.receiver import a_receiver
from tests.webhooks.steps import MovedClock, deliver, send

pytestmark = pytest.mark.django_db(transaction=True)
URL = "https://hooks.example.com/passbook"


@pytest.fixture(autouse=True)
def _in_production(settings: Settings) -> None:
    settings.WEBHOOKS_ALLOW_PRIVATE = False


@pytest.fixture
def operations(db: None) -> Api:
    return api_of(a_user("operations"))


def registered(operations: Api, **body: Any) -> Any:
    answer = operations.post("/webhook-endpoints", {"url": URL, **body})
    assert answer.status == 201, answer.body
    return answer.body


def test_an_endpoint_is_registered_and_its_secret_is_in_answers_to_that_request_only(operations: Api) -> None:
    body = {"url": URL, "event_types": ["TransferSent", "DepositMade"], "description": "Books"}
    key = str(uuid4())
    first = operations.post("/webhook-endpoints", body, key=key)
    again = operations.post("/webhook-endpoints", body, key=key)
    assert (first.status, again.status) == (201, 201)
    assert again.header("Idempotency-Replayed") == "true"
    assert first.body == again.body
    made = first.body
    assert made["secret"].startswith("whsec_")
    shown = operations.get(f"/webhook-endpoints/{made['id']}").body
    assert shown == {k: v for k, v in made.items() if k not in {"secret", "command_id", "consistency_token"}}
    assert shown["event_types"] == ["DepositMade", "TransferSent"]
    assert first.header("Location") == f"/api/v1/webhook-endpoints/{made['id']}"
    listed = operations.get("/webhook-endpoints").body["data"]
    assert shown in listed
    assert "whsec_" not in str(listed)
    outcome = find_outcome(UUID(made["command_id"]))
    assert outcome is not None
    assert "whsec_" not in str(outcome)


def test_a_secret_that_is_gone_is_not_made_anew(operations: Api) -> None:
    key = str(uuid4())
    made = operations.post("/webhook-endpoints", {"url": URL}, key=key).body
    with as_owner():
        Secret.objects.filter(endpoint_id=made["id"]).delete()
    again = operations.post("/webhook-endpoints", {"url": URL}, key=key).body
    assert again["secret"] is None
    assert not Secret.objects.filter(endpoint_id=made["id"]).exists()


@pytest.mark.parametrize(
    ("body", "code", "pointer"),
    [
        ({}, "required", "/url"),
        ({"url": 7}, "invalid_text", "/url"),
        ({"url": "http://hooks.example.com"}, "invalid_url", "/url"),
        ({"url": "https://user:secret@example.com"}, "invalid_url", "/url"),
        ({"url": "https://127.0.0.1/x"}, "invalid_url", "/url"),
        ({"url": "https://2130706433/x"}, "invalid_url", "/url"),
        ({"url": "https://0x7f.1/x"}, "invalid_url", "/url"),
        ({"url": "https://[::ffff:10.0.0.1]/x"}, "invalid_url", "/url"),
        ({"url": "https://localhost/x"}, "invalid_url", "/url"),
        ({"url": "https://vault.internal/x"}, "invalid_url", "/url"),
        ({"url": "https://169.254.169.254/latest/meta-data"}, "invalid_url", "/url"),
        ({"url": URL, "event_types": "DepositMade"}, "invalid_event_types", "/event_types"),
        ({"url": URL, "event_types": [7]}, "invalid_event_types", "/event_types"),
        ({"url": URL, "event_types": ["DepositMade"] * 101}, "invalid_event_types", "/event_types"),
        ({"url": URL, "event_types": ["Nothing"]}, "unknown_event_type", "/event_types"),
        ({"url": URL, "description": "x" * 141}, "too_long", "/description"),
        ({"url": URL, "secret": "whsec_mine"}, "unknown_field", "/secret"),
    ],
)
def test_what_cannot_be_registered(operations: Api, body: Any, code: str, pointer: str) -> None:
    answer = operations.post("/webhook-endpoints", body)
    assert (answer.status, answer.code, answer.pointers) == (400, code, [pointer])


def test_every_change_is_a_command_with_its_event(operations: Api) -> None:
    made = registered(operations)
    path = f"/webhook-endpoints/{made['id']}"
    steps: list[tuple[str, Any, str, str]] = [
        ("disable", {"reason": "Moving"}, "WebhookEndpointDisabled", "disabled"),
        ("rotate-secret", {"overlap_hours": 1}, "WebhookSecretRotated", "disabled"),
        ("enable", None, "WebhookEndpointEnabled", "active"),
        ("test", None, "WebhookTestRequested", "active"),
        ("replay", {"since": timezone.now().isoformat()}, "WebhookReplayRequested", "active"),
        ("delete", {"reason": "Gone"}, "WebhookEndpointRemoved", "removed"),
    ]
    for version, (task, body, event, status) in enumerate(steps, start=2):
        key = str(uuid4())
        answer = operations.post(f"{path}/{task}", body, key=key)
        assert answer.status == 201, answer.body
        assert [e["type"] for e in answer.body["events"]] == [event]
        assert (answer.body["endpoint"]["status"], answer.body["endpoint"]["version"]) == (status, version)
        again = operations.post(f"{path}/{task}", body, key=key)
        assert (again.status, again.body) == (201, {**answer.body, "replayed": True})
    assert operations.get(path).body["status"] == "removed"
    assert made["id"] not in str(operations.get("/webhook-endpoints").body)
    for task, body, _, _ in steps:
        refused = operations.post(f"{path}/{task}", body)
        assert (refused.status, refused.code) == (409, "webhook_endpoint_removed")


def test_a_rotation_answers_with_the_new_secret(operations: Api) -> None:
    made = registered(operations)
    rotated = operations.post(f"/webhook-endpoints/{made['id']}/rotate-secret").body
    assert rotated["secret"].startswith("whsec_")
    assert rotated["secret"] != made["secret"]
    assert rotated["endpoint"]["previous_secret_valid_until"] > (timezone.now() + timedelta(hours=23)).isoformat()
    for hours in (-1, 169, 1.5, "1", True):
        answer = operations.post(f"/webhook-endpoints/{made['id']}/rotate-secret", {"overlap_hours": hours})
        assert (answer.status, answer.code) == (400, "invalid_number")


def test_states_that_forbid_a_task_are_409_and_unknown_endpoints_404(operations: Api) -> None:
    path = f"/webhook-endpoints/{registered(operations)['id']}"
    assert operations.post(f"{path}/enable").code == "webhook_endpoint_not_disabled"
    operations.post(f"{path}/disable")
    for task, body in {"disable": None, "test": None, "replay": {"since": timezone.now().isoformat()}}.items():
        answer = operations.post(f"{path}/{task}", body)
        assert (answer.status, answer.code) == (409, "webhook_endpoint_disabled")
    for other in (str(uuid4()), "nonsense"):
        for method, rest in (("GET", ""), ("GET", "/deliveries"), ("POST", "/disable"), ("POST", "/test")):
            headers = {"Idempotency-Key": str(uuid4())}
            answer = operations.send(method, f"/webhook-endpoints/{other}{rest}", headers=headers)
            assert (answer.status, answer.code) == (404, "webhook_endpoint_not_found")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, "invalid_replay"),
        ({"message_id": f"msg_{uuid4()}", "since": "2026-03-29T01:00:00Z"}, 400, "invalid_replay"),
        ({"since": "2020-01-01T00:00:00Z"}, 400, "invalid_timestamp"),
        ({"since": "2999-01-01T00:00:00Z"}, 400, "invalid_timestamp"),
        ({"since": "yesterday"}, 400, "invalid_timestamp"),
        ({"message_id": "7"}, 400, "invalid_message_id"),
        ({"message_id": f"msg_{uuid4()}"}, 404, "delivery_not_found"),
    ],
)
def test_what_cannot_be_replayed(operations: Api, body: Any, status: int, code: str) -> None:
    answer = operations.post(f"/webhook-endpoints/{registered(operations)['id']}/replay", body)
    assert (answer.status, answer.code) == (status, code)


def test_the_log_tells_of_each_delivery_and_each_attempt(
    operations: Api, teller: Api, account: Account, settings: Settings
) -> None:
    settings.WEBHOOKS_ALLOW_PRIVATE = True
    with a_receiver() as receiver:
        made = registered(operations, url=receiver.url, event_types=["DepositMade"])
        path = f"/webhook-endpoints/{made['id']}"
        for minor in (1, 2, 3):
            teller.post(f"{account.path}/deposits", {"amount": {"amount": str(minor), "currency": "EUR"}})
        receiver.says(500, b"no")
        assert send(made["id"]) == 3
        receiver.answer = None
        deliver(made["id"], clock=MovedClock(timezone.now() + timedelta(seconds=7)))
    first = operations.get(f"{path}/deliveries", {"limit": 2})
    rest = operations.get(f"{path}/deliveries", {"limit": 2, "cursor": first.body["next_cursor"]})
    found = [*first.body["data"], *rest.body["data"]]
    assert [one["position"] for one in found] == sorted((one["position"] for one in found), reverse=True)
    assert {(one["type"], one["status"], one["attempts"], one["last_result"]) for one in found} == {
        ("DepositMade", "delivered", 2, "204")
    }
    assert operations.get(f"{path}/deliveries", {"status": "failed"}).body["data"] == []
    assert operations.get(f"{path}/deliveries", {"status": "lost"}).code == "invalid_choice"
    one = operations.get(f"{path}/deliveries/{found[0]['message_id']}").body
    assert {k: v for k, v in one.items() if k not in {"log", "as_of"}} == found[0]
    assert [(try_["status_code"], try_["answer"], try_["error"]) for try_ in one["log"]] == [
        (204, "", ""),
        (500, "no", ""),
    ]
    assert operations.get(f"{path}/deliveries/msg_{uuid4()}").code == "delivery_not_found"
    assert operations.get(f"{path}/deliveries/7").code == "delivery_not_found"
    again = operations.post(f"{path}/replay", {"message_id": found[0]["message_id"]})
    assert again.status == 201
    drain()
    assert operations.get(f"{path}/deliveries/{found[0]['message_id']}").body["status"] == "pending"


def test_deliveries_say_how_far_they_are_and_wait_for_a_command(operations: Api, teller: Api, account: Account) -> None:
    made = registered(operations, event_types=["DepositMade"])
    path = f"/webhook-endpoints/{made['id']}/deliveries"
    drain()
    before = operations.get(path).body
    assert (before["data"], before["as_of"]["lag_events"]) == ([], 0)
    token = teller.post(f"{account.path}/deposits", {"amount": eur("1")}).body["consistency_token"]
    late = operations.get(path, {"consistent_with": token})
    assert (late.status, late.code, late.header("Retry-After")) == (503, "not_yet_consistent", "1")
    assert operations.get(path, {"consistent_with": "x"}).code == "invalid_consistency_token"
    drain()
    found = operations.get(path, {"consistent_with": token}).body
    assert found["as_of"]["position"] == before["as_of"]["position"] + 1
    (one,) = found["data"]
    whole = operations.get(f"{path}/{one['message_id']}", {"consistent_with": token}).body
    assert whole["as_of"] == found["as_of"]


def test_a_replay_that_comes_again_is_answered_the_same_whatever_was_cleaned_away(
    operations: Api, teller: Api, account: Account
) -> None:
    made = registered(operations, event_types=["DepositMade"])
    path = f"/webhook-endpoints/{made['id']}"
    teller.post(f"{account.path}/deposits", {"amount": eur("1")})
    drain()
    (one,) = operations.get(f"{path}/deliveries").body["data"]
    body, key = {"message_id": one["message_id"]}, str(uuid4())
    first = operations.post(f"{path}/replay", body, key=key)
    with as_owner():
        Delivery.objects.filter(endpoint_id=made["id"]).delete()
    again = operations.post(f"{path}/replay", body, key=key)
    assert (first.status, again.status) == (201, 201)
    assert again.body == {**first.body, "replayed": True}
    assert operations.post(f"{path}/replay", body).code == "delivery_not_found"


def test_a_key_that_was_used_does_not_make_a_good_moment_a_bad_one(operations: Api) -> None:
    path, key = f"/webhook-endpoints/{registered(operations)['id']}", str(uuid4())
    assert operations.post(f"{path}/replay", {"since": rfc3339(timezone.now())}, key=key).status == 201
    later = operations.post(f"{path}/replay", {"since": rfc3339(timezone.now())}, key=key)
    assert (later.status, later.code) == (422, "idempotency_key_reused")
