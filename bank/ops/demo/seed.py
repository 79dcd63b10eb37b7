"""Makes the demo bank through the command handler; killed at any moment and run again, it goes on where it stopped."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from itertools import islice
from typing import Final

from allauth.mfa.models import Authenticator
from django.contrib.auth.hashers import make_password

from accounts.customer import CustomerRegistered
from accounts.handler import Actor, find_outcome, handle_all
from bank.identity.models import Role, User
from bank.identity.sealing import seal
from bank.identity.second_factor_views import DEMO_SECRET
from bank.ops.demo.plan import HISTORY, first_command, last_command_id, plan
from bank.ops.demo.steps import customer_id
from ledger.models import Event

ACTOR: Final = Actor(id="system:demo", channel="job")
PASSWORD: Final = "passbook-demo"  # noqa: S105 - public: it opens nothing but the demo
BATCH_SIZE: Final = 500

CUSTOMERS: Final = ("ada", "grace", "alan", "katherine")
WITH_APP: Final = "katherine"
STAFF: Final = {
    "teller": Role.TELLER,
    "auditor": Role.AUDITOR,
    "operations": Role.OPERATIONS,
    "admin": Role.ADMIN,
}


class Seeded(Enum):
    """What came of asking for the demo bank."""

    MADE = "made"
    COMPLETE_ALREADY = "complete already"
    OTHER_EVENTS = "other events"


@dataclass(frozen=True, slots=True)
class SeedResult:
    """How it ended; `accepted` and `refused` count the commands of this run, replayed ones too."""

    seeded: Seeded
    accepted: int = 0
    refused: int = 0


def seed(now: datetime) -> SeedResult:
    """Make the demo bank in an empty ledger, its history ending at `now`; or complete one that was begun.

    Its own last command tells whether it is complete, its first command when its history begins.
    """
    if find_outcome(last_command_id()) is not None:
        return SeedResult(Seeded.COMPLETE_ALREADY)
    first = first_command(now - HISTORY)
    if find_outcome(first.command_id) is None and Event.objects.exists():
        return SeedResult(Seeded.OTHER_EVENTS)
    begun = handle_all([first], by=ACTOR)[0].events[0].data
    assert isinstance(begun, CustomerRegistered), "the demo begins with a customer"
    commands = iter(plan(begun.occurred_at))
    _make_users()
    accepted = refused = 0
    while batch := list(islice(commands, BATCH_SIZE)):
        for outcome in handle_all(batch, by=ACTOR):
            accepted += outcome.accepted
            refused += not outcome.accepted
    return SeedResult(Seeded.MADE, accepted, refused)


def _make_users() -> None:
    """The demo's log-ins; one that exists stays as it is."""
    for name in CUSTOMERS:
        _make_user(name, Role.CUSTOMER, customer_id=customer_id(name), first_name=name.capitalize())
    _add_app(WITH_APP)
    for name, role in STAFF.items():
        _make_user(name, role, is_staff=role in {Role.AUDITOR, Role.ADMIN}, is_superuser=role is Role.ADMIN)


def _add_app(name: str) -> None:
    """An authenticator app whose codes the demo shows."""
    Authenticator.objects.get_or_create(
        user=User.objects.get(username=name),
        type=Authenticator.Type.TOTP,
        defaults={"data": {"secret": seal(DEMO_SECRET)}},
    )


def _make_user(name: str, role: Role, **fields: object) -> None:
    if User.objects.filter(username=name).exists():
        return
    User.objects.get_or_create(
        username=name,
        defaults={
            "password": make_password(PASSWORD),
            "email": f"{name}@passbook.example",
            "roles": [role],
            **fields,
        },
    )
