"""Notifications (live): every event and every refusal once, in each lane's order, however the pages fall."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from accounts.account_commands import FreezeAccount, UnfreezeAccount
from accounts.handler import Actor, handle, handle_all
from accounts.refusals import Refused
from ledger.ids import new_id
from ledger.reading import Stretch, read_newest, read_stream, stream_versions
from ledger.records import RecordedEvent
from readmodels import notifications
from readmodels.notifications import NoSuchPlace, Notification, Refusal
from tests.chance import a_seed, chances
from tests.spec import AT, envelope
from tests.steps import a_customer, an_account, deposit, do, transfer, withdraw

pytestmark = pytest.mark.django_db(transaction=True)
ME = Actor(id="user:1", channel="web")
STANDING_ORDER = Actor(id="system:orders", channel="job")


def refused(command: Any) -> None:
    with pytest.raises(Refused):
        handle(command, by=ME)


def all_pages(customer_id: Any, account_ids: list[Any], limit: int, look_back: int = 5_000) -> list[Notification]:
    found, behind = notifications.page(customer_id, account_ids, ME.id, limit, look_back=look_back)
    pages = 1
    while behind:
        assert pages < 1_000, "it does not end"
        more, behind = notifications.page(customer_id, account_ids, ME.id, limit, behind, look_back)
        found, pages = found + more, pages + 1
    return found


def test_every_event_and_refusal_comes_once_whatever_the_size_of_the_pages() -> None:
    chance = chances(a_seed())("notifications")
    customer_id = a_customer()
    accounts = [an_account(customer_id=customer_id) for _ in range(3)]
    told = len(accounts)
    for number in range(60):
        account_id, kind = chance.choice(accounts), chance.choice(["deposit", "refused", "own", "standing order"])
        at = AT + timedelta(minutes=number)
        if kind == "refused":
            refused(withdraw(account_id, 10**9))
        elif kind == "deposit":
            do(deposit(account_id, 2, at=at))
        else:
            handle_all([deposit(account_id, 1, at=at)], by=ME)
            handle(withdraw(account_id, 1, at=at), by=ME if kind == "own" else STANDING_ORDER)
        told += 2 if kind == "own" else 1
    whole = all_pages(customer_id, accounts, 1_000)
    assert len(whole) == told
    for limit, look_back in ((1, 5_000), (2, 1), (7, 3), (25, 10), (1_000, 1)):
        found = all_pages(customer_id, accounts, limit, look_back)
        assert sorted(map(_key, found)) == sorted(map(_key, whole)), (limit, look_back)
        for account_id in accounts:
            positions = [n.what.stream_position for n in found if _is_of(n, account_id)]  # type: ignore[union-attr]
            assert positions == sorted(positions, reverse=True)


def test_a_page_looks_no_further_than_it_is_told_and_the_list_goes_on() -> None:
    customer_id = a_customer()
    account_id = an_account(100, customer_id=customer_id)
    for _ in range(20):
        handle(withdraw(account_id, 1), by=STANDING_ORDER)
    found, behind = notifications.page(customer_id, [account_id], ME.id, 25, look_back=10)
    assert found == []
    assert behind
    assert len(all_pages(customer_id, [account_id], 25, 10)) == 2  # opening and first deposit


def test_they_are_in_the_order_of_what_happened_across_accounts() -> None:
    customer_id = a_customer()
    one, two = (an_account(customer_id=customer_id) for _ in range(2))
    for number, account_id in enumerate([one, two, two, one, two]):
        do(deposit(account_id, number + 1, at=AT + timedelta(hours=number + 1)))
    found, _ = notifications.page(customer_id, [one, two], ME.id, 5)
    assert [n.what.data.amount_minor for n in found] == [5, 4, 3, 2, 1]  # type: ignore[union-attr]


def test_of_a_transfer_between_own_accounts_the_sending_is_told_and_of_others_the_receiving() -> None:
    customer_id = a_customer()
    own, other_own, foreign = an_account(9, customer_id=customer_id), an_account(customer_id=customer_id), an_account(9)
    handle(transfer(own, other_own, 1), by=ME)
    do(transfer(foreign, own, 2))
    found = all_pages(customer_id, [own, other_own], 1)
    types = [n.what.type for n in found if isinstance(n.what, RecordedEvent)]
    assert types.count("TransferSent") == types.count("TransferReceived") == 1


def test_only_ones_own_refusals_are_told_and_with_their_reasons() -> None:
    customer_id = a_customer()
    account_id = an_account(5, customer_id=customer_id)
    refused(withdraw(account_id, 6))
    with pytest.raises(Refused):
        do(withdraw(account_id, 7))
    found = all_pages(customer_id, [account_id], 25)
    refusals = [n.what for n in found if isinstance(n.what, Refusal)]
    assert [(r.command_type, r.reason.code, r.reason.fields["available_minor"]) for r in refusals] == [
        ("Withdraw", "insufficient_funds", 5)
    ]


def test_refusals_of_one_moment_are_told_apart() -> None:
    customer_id = a_customer()
    account_id = an_account(customer_id=customer_id)
    commands = [withdraw(account_id, 1) for _ in range(12)]
    handle_all(commands, by=ME)
    for limit in (1, 5, 25):
        found = all_pages(customer_id, [account_id], limit)
        ids = [n.what.command_id for n in found if isinstance(n.what, Refusal)]
        assert sorted(ids) == sorted(c.command_id for c in commands)


def test_refusals_are_found_by_their_index() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("set local enable_seqscan = off")
        cursor.execute(
            "explain select * from ledger_command where actor = 'user:1' and refusal is not null"
            " and recorded_at <= now() order by recorded_at desc, command_id desc limit 26"
        )
        assert "ledger_command_refused" in str(cursor.fetchall())


def test_of_a_stretch_of_a_stream_the_newest_events_are_read_by_type_or_by_who_sent_them() -> None:
    account_id, other_id = an_account(), an_account()
    for _ in range(3):
        do(FreezeAccount(account_id=account_id, **envelope()))
        handle(UnfreezeAccount(account_id=account_id, **envelope()), by=ME)
    stretches = {account_id: Stretch(behind=2, before=7), other_id: Stretch(behind=0, before=9)}
    whole = list(read_stream(account_id))
    frozen = read_newest(stretches, types={"AccountFrozen"}, actors="nobody", limit=9)
    assert frozen == {account_id: [whole[5], whole[3]]}
    assert read_newest(stretches, types=set(), actors="user:", limit=1) == {account_id: [whole[4]]}
    opened = read_newest(stretches, types={"AccountOpened"}, actors="nobody", limit=9)
    assert [event.stream_position for event in opened[other_id]] == [1]
    assert read_newest({}, types={"AccountOpened"}, actors="", limit=9) == {}
    assert stream_versions([account_id, new_id()]) == {account_id: 7}


@pytest.mark.parametrize("behind", ["x", "e30=", "eyJzdHJlYW1zIjp7IngiOjF9fQ==", "\u00e9"])
def test_what_is_no_place_is_said_to_be_none(behind: str) -> None:
    with pytest.raises(NoSuchPlace):
        notifications.page(new_id(), [], ME.id, 5, behind)


def _key(notification: Notification) -> Any:
    what = notification.what
    return what.id if isinstance(what, RecordedEvent) else what.command_id


def _is_of(notification: Notification, account_id: Any) -> bool:
    return isinstance(notification.what, RecordedEvent) and notification.what.stream_id == account_id
