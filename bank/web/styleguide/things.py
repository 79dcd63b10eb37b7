"""Made-up accounts, movements, forms and tasks: what the style guide's samples are made of."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, Final
from uuid import UUID

from django import forms

from accounts.refusals import Refused
from bank.web.changes import Change, Changes
from bank.web.notices import Notice
from bank.web.online import Online
from bank.web.tasks.fields import amount_field, reference_field
from readmodels.movements import Movement

ID: Final = UUID("01a20000-0000-7000-8000-000000000001")
_NOW: Final = datetime(2026, 11, 23, 9, 41, tzinfo=UTC)
_IBAN: Final = "LU280019400644750000"
ADA: Final = {"name": "Ada Lovelace", "iban": _IBAN, "detail": "Everyday"}
INVITED: Final = Online(
    customer_id=ID,
    has_log_in=False,
    link=f"https://bank.example/invitations/{ID.hex}{ID.hex}",
    username="ada.lovelace",
    expires_at=_NOW + timedelta(days=7),
)


class SampleForm(forms.Form):
    """An amount, words and a choice."""

    amount = amount_field(help_text="At most 10,000.00 a day.")
    reference = reference_field()
    kind = forms.ChoiceField(
        label="Kind",
        choices=[("", "All"), ("deposit", "Deposit")],
        widget=forms.Select(attrs={"class": "form-select"}),
    )


def form(prefix: str) -> forms.Form:
    """An empty form; `prefix` keeps its ids apart from those of the other samples."""
    return SampleForm(auto_id=f"{prefix}_%s")


def wrong_form(prefix: str) -> forms.Form:
    """A form that was sent with mistakes."""
    sent = SampleForm({"amount": "twelve", "reference": "Theatre", "kind": "theft"}, auto_id=f"{prefix}_%s")
    sent.is_valid()
    sent.add_error("amount", "Enter an amount in figures, such as 24.50.")
    sent.add_error(None, "Nothing was done.")
    return sent


def account(**changes: Any) -> SimpleNamespace:
    """An account as the read model shows it."""
    known: dict[str, Any] = {
        "account_id": ID,
        "name": "Everyday",
        "iban": _IBAN,
        "status": "open",
        "currency": "EUR",
        "balance_minor": 500_00,
        "held_minor": 20_00,
    } | changes
    return SimpleNamespace(available_minor=max(known["balance_minor"] - known["held_minor"], 0), **known)


TASK: Final = SimpleNamespace(
    form_url="#",
    check_url="#",
    back_url="#",
    account=account(),
    title="Transfer money",
    icon="arrow-left-right",
    confirm="Transfer now",
    is_grave=False,
)
GRAVE_TASK: Final = SimpleNamespace(**{**vars(TASK), "icon": "lock", "confirm": "Close account", "is_grave": True})


CONDITIONS: Final = [
    SimpleNamespace(title="Nothing is held", detail="", is_met=True, ways=[]),
    SimpleNamespace(title="The balance is zero", detail="It is 70.00 now.", is_met=False, ways=[TASK]),
]


def _movement(number: int, kind: str, amount_minor: int, balance_minor: int, **words: str) -> Movement:
    known = {"reference": "", "operation": "", "purpose": "", "outside_party": ""} | words
    return Movement(
        account_id=ID,
        stream_position=number,
        event_id=ID,
        kind=kind,
        amount_minor=amount_minor,
        balance_minor=balance_minor,
        currency="EUR",
        counterparty_account_id=None,
        transfer_id=None,
        occurred_at=_NOW - timedelta(days=9 - number),
        recorded_at=_NOW,
        **known,
    )


MOVEMENTS: Final = [
    _movement(4, "transfer_sent", -24_50, 500_00, reference="Theatre tickets", outside_party="Grace Hopper"),
    _movement(3, "withdrawal", -3_20, 524_50, outside_party="Café Lambda"),
    _movement(2, "deposit", 527_70, 527_70, reference="Salary"),
]


CHANGES: Final = Changes(
    told=[
        Change(title="Overdraft limit set", who="by the bank", at=_NOW, limit_minor=75_00),
        Change(title="Café Lambda", who="by you", at=_NOW, amount_minor=-3_20),
        Change(title="From Grace Hopper", who="", at=_NOW, amount_minor=103_20),
    ],
    earlier=1,
    then_minor=400_00,
)
NOTICES: Final = [
    Notice(
        title="Transfer refused",
        detail="The balance does not cover this: 40.00 EUR available.",
        href="#",
        icon="circle-x",
        tone="bad",
        happened_at=_NOW,
        is_new=True,
    ),
    Notice(
        title="From Grace Hopper",
        detail="Everyday · Lunch",
        href="#",
        icon="arrow-down-left",
        tone="in",
        happened_at=_NOW,
        is_new=False,
        amount_minor=12_00,
        currency="EUR",
    ),
]


def outcome(refusal: Refused | None = None) -> SimpleNamespace:
    """What became of a command."""
    events = [] if refusal else [SimpleNamespace(type="TransferSent", id=ID)]
    return SimpleNamespace(accepted=not refusal, refusal=refusal, recorded_at=_NOW, command_id=ID, events=events)


def event(position: int) -> SimpleNamespace:
    """An event of the record; position 0: not in the book yet."""
    metadata = {"actor": "user:7", "correlationId": ID}
    return SimpleNamespace(type="DepositMade", id=ID, stream_position=1_234, position=position, metadata=metadata)


def _command(refusal: str | None, **line: Any) -> SimpleNamespace:
    command = SimpleNamespace(command_id=ID, type="Withdraw", actor="user:7", refusal=refusal, recorded_at=_NOW)
    return SimpleNamespace(command=command, channel="Web", **line)


COMMANDS: Final = [
    _command(None, actor="ada", reason="", replays=2),
    _command(
        "insufficient_funds", actor="ada", reason="The balance does not cover this: 40.00 EUR available.", replays=0
    ),
]
