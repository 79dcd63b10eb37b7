"""Time travel over the API: long streams from the states that are kept of them, and events that nobody can read."""

from uuid import UUID

import pytest
from django.utils import timezone

from accounts.account_commands import Deposit, OpenAccount
from accounts.handler import handle, handle_all
from accounts.iban import iban_for
from accounts.money import Money
from ledger.ids import new_id
from ledger.records import rfc3339
from ledger.runner import drain
from readmodels import time_travel
from readmodels.stream_states import EACH, StreamStateRow
from tests.acting import as_owner
from tests.api.client import Api, eur
from tests.api.given import BY, Account
from tests.readmodels.strange_events import strange

pytestmark = pytest.mark.django_db(transaction=True)

OPENED, FIRST_DEPOSIT_MINOR = 1, 500_00


@pytest.fixture
def long_account(account: Account) -> Account:
    """A cent was paid in again and again: more than two kept states."""
    at = timezone.now()
    handle_all(
        [
            Deposit(command_id=new_id(), at=at, account_id=account.id, amount=Money(1, "EUR"))
            for _ in range(2 * EACH + 10)
        ],
        by=BY,
    )
    return account


def cents_at(version: int) -> int:
    return 0 if version == OPENED else FIRST_DEPOSIT_MINOR + version - 2


VERSIONS = [1, 2, EACH - 1, EACH, EACH + 1, 2 * EACH, 2 * EACH + 12]


@pytest.mark.parametrize("is_kept", [True, False])
@pytest.mark.parametrize("fold_at_most", [50, 5_000])
def test_every_version_of_a_long_stream_is_told_whether_states_are_kept_or_not(
    is_kept: bool,
    fold_at_most: int,
    auditor: Api,
    teller: Api,
    long_account: Account,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(time_travel, "FOLD_AT_MOST", fold_at_most)
    if is_kept:
        drain()
    for version in VERSIONS:
        stream = auditor.get(f"/streams/{long_account.id}", {"version": version}).body
        assert (stream["version"], stream["state"]["balance_minor"]) == (version, cents_at(version))
        account = teller.get(long_account.path, {"version": version}).body
        assert (account["version"], account["balance"]) == (version, eur(f"{cents_at(version) / 100:.2f}"))
    last = VERSIONS[-1]
    now = auditor.get(f"/streams/{long_account.id}").body
    assert (now["version"], now["state"]["balance_minor"]) == (last, cents_at(last))
    moment = {"as_of": rfc3339(timezone.now())}
    assert auditor.get(f"/streams/{long_account.id}", moment).body == now
    assert teller.get(long_account.path, moment).body == teller.get(long_account.path).body
    for path, api in ((f"/streams/{long_account.id}", auditor), (long_account.path, teller)):
        assert api.get(path, {"version": last + 1}).code == "version_not_found"


def test_a_late_version_is_folded_from_the_state_that_is_kept_before_it(
    auditor: Api, teller: Api, long_account: Account
) -> None:
    """Told by a kept state that says something else than the events before it."""
    drain()
    kept = StreamStateRow.objects.get(stream_id=long_account.id, stream_position=2 * EACH)
    with as_owner():
        StreamStateRow.objects.filter(stream_id=long_account.id, stream_position=2 * EACH).update(
            state={**(kept.state or {}), "balance_minor": 7_000_000}
        )
    stream = auditor.get(f"/streams/{long_account.id}", {"version": 2 * EACH + 3}).body
    assert stream["state"]["balance_minor"] == 7_000_003
    assert teller.get(long_account.path, {"version": 2 * EACH + 3}).body["balance"] == eur("70000.03")


def test_moments_of_a_state_have_microseconds_at_a_full_second_too(auditor: Api, ada_id: UUID) -> None:
    account_id, at = new_id(), timezone.now().replace(microsecond=0)
    opening = OpenAccount(
        command_id=new_id(),
        at=at,
        account_id=account_id,
        customer_id=ada_id,
        iban=iban_for(account_id),
        name="Everyday",
        currency="EUR",
    )
    handle(opening, by=BY)
    assert auditor.get(f"/streams/{account_id}").body["state"]["opened_at"] == rfc3339(at)
    assert rfc3339(at).endswith(".000000Z")


def test_behind_an_event_that_cannot_be_read_the_state_is_not_told_and_before_it_is(
    auditor: Api, teller: Api, account: Account
) -> None:
    strange(account.id, "account")
    path = f"/streams/{account.id}"
    assert auditor.get(path, {"version": 3}).body["state"] is None
    assert auditor.get(path, {"version": 2}).body["state"]["balance_minor"] == FIRST_DEPOSIT_MINOR
    unreadable = teller.get(account.path, {"version": 3})
    assert (unreadable.status, unreadable.code) == (503, "unavailable")
    assert teller.get(account.path, {"version": 2}).body["balance"] == eur("500.00")
    assert teller.get(account.path).status == 200
