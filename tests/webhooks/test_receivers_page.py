"""The page for receivers says what is so: its example verifies what the bank sends."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from accounts.webhook_commands import RotateWebhookSecret
from bank.webhooks import secrets
from ledger.ids import new_id
from tests.steps import an_account
from tests.webhooks.receiver import Receiver
from tests.webhooks.steps import about, an_endpoint, send

pytestmark = pytest.mark.django_db(transaction=True)
PAGE = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text()


@pytest.fixture
def is_genuine() -> Callable[..., bool]:
    found: dict[str, Any] = {}
    code = re.search(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    assert code is not None
    exec(code[1], found)  # noqa: S102 - the page's own example
    function: Callable[..., bool] = found["is_genuine"]
    return function


def test_the_example_takes_what_the_bank_sends_and_nothing_else(
    receiver: Receiver, is_genuine: Callable[..., bool]
) -> None:
    endpoint_id, old = an_endpoint(receiver.url, "DepositMade")
    command_id = new_id()
    new = secrets.secret_for(command_id, endpoint_id)
    about(RotateWebhookSecret, endpoint_id, command_id=command_id, overlap_seconds=3_600)
    an_account(500)
    send(endpoint_id)
    (came,) = receiver.received
    for secret in (old, new):
        assert is_genuine(secret, came.headers, came.body)
        assert not is_genuine(secret, came.headers, came.body + b" ")
        assert not is_genuine(secret, {**came.headers, "webhook-id": "msg_other"}, came.body)
        hour_ago = str(int(came.headers["webhook-timestamp"]) - 3_600)
        assert not is_genuine(secret, {**came.headers, "webhook-timestamp": hour_ago}, came.body)
        assert not is_genuine(secret, {**came.headers, "webhook-timestamp": "now"}, came.body)
    assert not is_genuine("whsec_" + "A" * 44, came.headers, came.body)
