"""The rules of a webhook endpoint."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from accounts.invalid import InvalidCommand
from accounts.refusals import (
    WebhookEndpointAlreadyRegistered,
    WebhookEndpointIsDisabled,
    WebhookEndpointIsNotDisabled,
    WebhookEndpointIsRemoved,
    WebhookEndpointNotFound,
)
from accounts.webhook_commands import (
    DisableWebhookEndpoint,
    EnableWebhookEndpoint,
    RegisterWebhookEndpoint,
    RemoveWebhookEndpoint,
    ReplayWebhook,
    RotateWebhookSecret,
    SendWebhookTest,
)
from accounts.webhook_endpoint import (
    EndpointStatus,
    WebhookEndpoint,
    WebhookEndpointDisabled,
    WebhookEndpointEnabled,
    WebhookEndpointRegistered,
    WebhookEndpointRemoved,
    WebhookReplayRequested,
    WebhookSecretRotated,
    WebhookTestRequested,
    evolve,
)
from ledger.ids import new_id
from tests.spec import AT, Given, envelope

ENDPOINT_ID = UUID("00000000-0000-7000-8000-00000000e001")
SECRET_ID = UUID("00000000-0000-7000-8000-00000000f001")
URL = "https://hooks.example.com/passbook"
REGISTERED = WebhookEndpointRegistered(
    url=URL, event_types=["DepositMade"], description="Books", secret_id=SECRET_ID, occurred_at=AT
)
DISABLED = WebhookEndpointDisabled(reason="Moving", occurred_at=AT)
ENABLED = WebhookEndpointEnabled(occurred_at=AT)
REMOVED = WebhookEndpointRemoved(reason="Gone", occurred_at=AT)


def given(*events: Any) -> Given:
    found = Given()
    for event in events:
        found.states[ENDPOINT_ID] = evolve(found.states.get(ENDPOINT_ID), event, ENDPOINT_ID)
    return found


def about(kind: Any, **fields: Any) -> Any:
    return kind(**{"endpoint_id": ENDPOINT_ID, **envelope(), **fields})


def register(**fields: Any) -> RegisterWebhookEndpoint:
    asked = {"url": URL, "event_types": ["DepositMade"], "description": "Books", "command_id": SECRET_ID}
    command: RegisterWebhookEndpoint = about(RegisterWebhookEndpoint, **{**asked, **fields})
    return command


def state(**changes: Any) -> WebhookEndpoint:
    usual: dict[str, Any] = {
        "endpoint_id": ENDPOINT_ID,
        "url": URL,
        "event_types": ["DepositMade"],
        "description": "Books",
        "status": EndpointStatus.ACTIVE,
        "reason": "",
        "secret_id": SECRET_ID,
        "previous_secret_id": None,
        "previous_valid_until": None,
        "registered_at": AT,
    }
    return WebhookEndpoint(**{**usual, **changes})


def test_an_address_is_registered_once() -> None:
    after = given().when(register()).then(REGISTERED)
    assert after.states[ENDPOINT_ID] == state()
    after.when(register()).then_refused(WebhookEndpointAlreadyRegistered)


def test_an_endpoint_is_disabled_and_enabled_in_turns() -> None:
    given(REGISTERED).when(about(EnableWebhookEndpoint)).then_refused(WebhookEndpointIsNotDisabled)
    after = given(REGISTERED).when(about(DisableWebhookEndpoint, reason=" Moving ")).then(DISABLED)
    assert after.states[ENDPOINT_ID] == state(status=EndpointStatus.DISABLED, reason="Moving")
    after.when(about(DisableWebhookEndpoint)).then_refused(WebhookEndpointIsDisabled)
    assert after.when(about(EnableWebhookEndpoint)).then(ENABLED).states[ENDPOINT_ID] == state()


def test_a_new_secret_signs_beside_the_one_before_for_a_while() -> None:
    rotate = about(RotateWebhookSecret, overlap_seconds=3_600)
    until = AT + timedelta(hours=1)
    rotated = WebhookSecretRotated(secret_id=rotate.command_id, previous_valid_until=until, occurred_at=AT)
    for history in ((REGISTERED,), (REGISTERED, DISABLED)):
        found = given(*history).when(rotate).then(rotated).states[ENDPOINT_ID]
        assert (found.secret_id, found.previous_secret_id) == (rotate.command_id, SECRET_ID)
        assert found.previous_valid_until == until


@pytest.mark.parametrize("seconds", [-1, 7 * 86_400 + 1])
def test_secrets_overlap_for_a_week_at_most(seconds: int) -> None:
    assert about(RotateWebhookSecret, overlap_seconds=0)
    assert about(RotateWebhookSecret, overlap_seconds=7 * 86_400)
    with pytest.raises(InvalidCommand):
        about(RotateWebhookSecret, overlap_seconds=seconds)


def test_tests_and_replays_are_for_endpoints_that_are_sent_to() -> None:
    event_id = new_id()
    test, replay = about(SendWebhookTest), about(ReplayWebhook, event_id=event_id)
    given(REGISTERED).when(test).then(WebhookTestRequested(occurred_at=AT))
    asked = WebhookReplayRequested(event_id=event_id, since=None, occurred_at=AT)
    assert given(REGISTERED).when(replay).then(asked).states[ENDPOINT_ID] == state()
    for command in (test, replay):
        given(REGISTERED, DISABLED).when(command).then_refused(WebhookEndpointIsDisabled)


def test_a_removed_endpoint_takes_nothing_any_more() -> None:
    remove = about(RemoveWebhookEndpoint, reason="Gone")
    after = given(REGISTERED, DISABLED).when(remove).then(REMOVED)
    assert after.states[ENDPOINT_ID] == state(status=EndpointStatus.REMOVED, reason="Gone")
    for kind, fields in EVERY_COMMAND.items():
        given(REGISTERED, REMOVED).when(about(kind, **fields)).then_refused(WebhookEndpointIsRemoved)
        given().when(about(kind, **fields)).then_refused(WebhookEndpointNotFound)


EVERY_COMMAND: dict[Any, dict[str, Any]] = {
    DisableWebhookEndpoint: {},
    EnableWebhookEndpoint: {},
    RotateWebhookSecret: {"overlap_seconds": 0},
    SendWebhookTest: {},
    ReplayWebhook: {"since": AT},
    RemoveWebhookEndpoint: {},
}


@pytest.mark.parametrize(
    "fields",
    [{}, {"event_id": new_id(), "since": AT}, {"since": AT + timedelta(seconds=1)}, {"since": AT - timedelta(days=31)}],
)
def test_a_replay_is_of_one_message_or_of_what_came_since_a_moment_of_the_last_month(fields: dict[str, Any]) -> None:
    assert about(ReplayWebhook, since=AT - timedelta(days=30))
    with pytest.raises(InvalidCommand) as refused:
        about(ReplayWebhook, **fields)
    assert refused.value.field == "since"


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com",
        "https://example.com:8443/a/b?c=d&e=%20",
        "https://a.b-c.example./x",
        "https://xn--hkyrky-ptac70bc.example/",
        "https://93.184.216.34/x",
        "https://[2606:2800:220:1::1]:443/x",
        "HTTPS://EXAMPLE.COM/",
    ],
)
def test_what_is_an_address(url: str) -> None:
    assert register(url=f" {url} ").url == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com",
        "ftp://example.com",
        "file:///etc/passwd",
        "https://",
        "https:///x",
        "https://user:secret@example.com/",
        "https://user@example.com/",
        "https://@example.com/",
        "https://example.com/#part",
        "https://example.com/#",
        "https://example.com:0/",
        "https://example.com:99999/",
        "https://example.com:x/",
        "https://exa mple.com/",
        "https://exa\tmple.com/",
        "https://example.com\\@internal/",
        "https://háčky.example/",
        "https://-example.com/",
        "https://[::1/",
        "https://[fe80::1%25eth0]/",
        "https://exam_ple.com/",
        "https://example.com/" + "x" * 2_000,
        "http://example.com/",
        7,
    ],
)
def test_what_is_no_address(url: Any) -> None:
    with pytest.raises(InvalidCommand) as refused:
        register(url=url)
    assert refused.value.field == "url"


def test_plain_http_is_for_banks_that_allow_it() -> None:
    assert register(url="http://localhost:8001/hooks", requires_https=False).url == "http://localhost:8001/hooks"


def test_types_are_those_that_events_have() -> None:
    assert register(event_types=["TransferSent", "DepositMade", "DepositMade"]).event_types == [
        "DepositMade",
        "TransferSent",
    ]
    assert register(event_types=[]).event_types == []
    with pytest.raises(InvalidCommand) as refused:
        register(event_types=["DepositMade", "deposit.made"])
    assert (refused.value.field, refused.value.code) == ("event_types", "unknown_event_type")
