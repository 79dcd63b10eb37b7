"""What a task is: its words, its form, the command it builds, and what the check page says about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from django import forms
from django.conf import settings
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from accounts.account import Account, Status
from accounts.aggregates import COMMANDS, State
from accounts.command import Command
from accounts.handler import Actor, handle
from accounts.outcome import Outcome
from accounts.refusals import Refused
from bank.identity.models import User
from bank.web import words
from readmodels.balances import AccountRow

Values = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A line of the check page; `field` names the form's field that its Change link leads to. `is_main` stands out."""

    label: StrOrPromise
    value: StrOrPromise | SafeString
    note: StrOrPromise | SafeString = ""
    field: str = ""
    is_main: bool = False


class Task:
    """One thing that one person does, to one account where there is one."""

    name: ClassVar[str]  # of its URLs, and what drafts are for
    title: ClassVar[StrOrPromise]  # by intent: "Withdraw money"
    icon: ClassVar[str]
    intro: ClassVar[StrOrPromise] = ""
    confirm: ClassVar[StrOrPromise]  # the button that does it: "Withdraw now"
    check_title: ClassVar[StrOrPromise] = _("Check before you go on")
    form_class: ClassVar[type[forms.Form]]
    is_grave: ClassVar[bool] = False
    is_one_step: ClassVar[bool] = False  # nothing to fill in: begins with the check page
    # By the refusal's code.
    refused_fields: ClassVar[Mapping[str, str]] = {}

    def __init__(self, person: User, account: AccountRow | None = None) -> None:
        self.person = person
        self.account = account

    @property
    def subject(self) -> str:
        """What the draft is about, so that it can't be used elsewhere: the account."""
        return str(self.account.account_id) if self.account else ""

    @property
    def form_url(self) -> str:
        """The address of the form."""
        raise NotImplementedError

    @property
    def check_url(self) -> str:
        """The address of the check page."""
        return f"{self.form_url}/check"

    @property
    def back_url(self) -> str:
        """Where one goes who lets it be."""
        raise NotImplementedError

    @property
    def back_label(self) -> StrOrPromise:
        """The words of the way back."""
        raise NotImplementedError

    def form(self, data: Mapping[str, str] | None = None, initial: Values | None = None) -> forms.Form:
        """The form, empty or filled."""
        return self.form_class(data, initial=dict(initial or {}))

    def first_values(self, query: Mapping[str, str]) -> Values:  # noqa: ARG002 - some tasks read it
        """What an untouched form starts with, also from the link that led here."""
        return {}

    def command(self, values: Values, command_id: UUID, at: datetime) -> Command:
        """The command that `values` ask for. Raises InvalidCommand with the form's field."""
        raise NotImplementedError

    def prepare(self, command: Command) -> None:
        """What has to be there before the command is sent."""

    def send(self, command: Command, *, by: Actor, correlation_id: UUID, expected_version: int | None) -> Outcome:
        """Have the bank do it. Raises Refused, KeyReused, VersionConflict."""
        return handle(command, by=by, correlation_id=correlation_id, expected_version=expected_version)

    def answers(self, values: Values) -> list[Answer]:
        """The lines of the check page."""
        raise NotImplementedError

    def states(self, command: Command) -> dict[UUID, State]:  # noqa: ARG002 - some tasks read it
        """What the deciders would see now, from the inline read model."""
        return {self.account.account_id: account_state(self.account)} if self.account else {}

    def refusal_of(self, command: Command) -> Refused | None:
        """What the bank would say to `command` now. Nothing is recorded: only sending it decides."""
        states = self.states(command)
        try:
            COMMANDS[type(command)].decide(command, lambda _category, stream_id: states.get(stream_id))
        except Refused as refusal:
            return refusal
        return None

    def needs_confirming(self, command: Command) -> bool:  # noqa: ARG002 - some tasks read it
        """Whether the person confirms who it is before this is done."""
        return self.name in settings.CONFIRM_BEFORE

    def done(self, request: HttpRequest, outcome: Outcome) -> None:
        """What follows in the same breath, once, when the bank has done it."""

    def refused_field(self, refusal: Refused) -> str:
        """The form's field that a refusal is about; empty for the task as a whole."""
        return self.refused_fields.get(refusal.code, "")

    def smallest(self) -> Command | None:
        """The least that this task could ask for: if even this is refused, the task is not offered."""
        return None

    @property
    def obstacle(self) -> str:
        """Why the task can't be done now, in words; empty where it can."""
        smallest = self.smallest()
        refusal = self.refusal_of(smallest) if smallest else None
        return words.of_refusal(refusal)


def account_state(row: AccountRow) -> Account:
    """The folded state that the inline read model stands for."""
    return Account(
        account_id=row.account_id,
        customer_id=row.customer_id,
        iban=row.iban,
        name=row.name,
        currency=row.currency,
        status=Status(row.status),
        balance_minor=row.balance_minor,
        held_minor=row.held_minor,
        overdraft_limit_minor=row.overdraft_limit_minor,
        opened_at=row.opened_at,
    )
