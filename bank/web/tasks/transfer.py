"""Transfer: between own accounts, or to an IBAN of this bank."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django import forms
from django.conf import settings
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from accounts.account import Status
from accounts.account_commands import Transfer, Withdraw
from accounts.aggregates import State
from accounts.command import Command
from accounts.iban import parse_iban
from accounts.invalid import InvalidCommand
from accounts.money import Money, exponent_of, parse_amount
from accounts.refusals import AccountIsClosed, Refused
from bank.identity import policy
from bank.web import words
from bank.web.formats import iban_html, money_html
from bank.web.receivers import name_of_receiver
from bank.web.tasks.account_task import AccountTask
from bank.web.tasks.fields import amount_field, reference_field, text_field
from bank.web.tasks.task import Answer, Values, account_state
from ledger.ids import new_id
from ledger.partitions import EventsDetached
from readmodels import balances, payees
from readmodels.balances import AccountRow
from readmodels.payees import Payee

TO_IBAN = "iban"
TO_PAYEE = "payee:"
UNKNOWN_IBAN = gettext_noop("No account of this bank has this IBAN. Transfers go to accounts of this bank.")


class TransferForm(forms.Form):
    """Where to, how much, what for."""

    to = forms.ChoiceField(
        label=_("Where to"),
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose where the money goes."),
            "invalid_choice": _("Choose where the money goes."),
        },
    )
    iban = text_field(_("IBAN"), required=False, help_text=_("As printed, with or without spaces."))
    amount = amount_field()
    reference = reference_field()

    def __init__(
        self,
        data: Mapping[str, str] | None,
        *,
        initial: dict[str, str],
        own_accounts: list[AccountRow],
        kept: list[Payee],
    ) -> None:
        super().__init__(data, initial=initial)
        self.payees = {f"{TO_PAYEE}{payee.payee_id}": payee for payee in kept}
        choices = [(str(account.account_id), account.name) for account in own_accounts]
        choices += [(value, payee.name) for value, payee in self.payees.items()]
        to = self.fields["to"]
        assert isinstance(to, forms.ChoiceField)
        to.choices = [*choices, (TO_IBAN, gettext("Another account, by its IBAN"))]
        self.own_accounts = {str(account.account_id): account for account in own_accounts}


class TransferTask(AccountTask):
    """Send money on."""

    name = "transfer"
    slug = "transfer"
    title = _("Transfer money")
    icon = "arrow-left-right"
    confirm = _("Transfer now")
    check_title = _("Check the transfer")
    form_class = TransferForm
    refused_fields = {
        "insufficient_funds": "amount",
        "limit_exceeded": "amount",
        "same_account": "to",
        "currency_mismatch": "to",
        "account_not_found": "to",
    }

    @classmethod
    def is_allowed(cls, person: policy.Person, account: AccountRow) -> bool:
        return policy.may_debit(person, account)

    def form(self, data: Mapping[str, str] | None = None, initial: Values | None = None) -> forms.Form:
        return TransferForm(data, initial=dict(initial or {}), own_accounts=self._own_accounts(), kept=self._payees())

    def first_values(self, query: Mapping[str, str]) -> Values:
        del query
        return {} if self._own_accounts() or self._payees() else {"to": TO_IBAN}

    def command(self, values: Values, command_id: UUID, at: datetime) -> Command:
        target = self._target(values)
        return Transfer(
            command_id=command_id,
            at=at,
            from_account_id=self.account.account_id,
            to_account_id=target.account_id,
            amount=parse_amount(values["amount"], self.account.currency),
            reference=values["reference"],
        )

    def states(self, command: Command) -> dict[UUID, State]:
        states = super().states(command)
        target = balances.find(command.to_account_id) if isinstance(command, Transfer) else None
        return states | ({target.account_id: account_state(target)} if target else {})

    def smallest(self) -> Command | None:
        """A withdrawal meets the same guards on this side; there is no other side yet."""
        amount = Money(1, self.account.currency)
        return Withdraw(
            command_id=new_id(), at=self.account.opened_at, account_id=self.account.account_id, amount=amount
        )

    def refused_field(self, refusal: Refused) -> str:
        if refusal.code == AccountIsClosed.code and self.account.status != Status.CLOSED:
            return "to"
        return super().refused_field(refusal)

    def needs_confirming(self, command: Command) -> bool:
        if not isinstance(command, Transfer) or not settings.CONFIRM_TRANSFERS_FROM:
            return super().needs_confirming(command)
        least = settings.CONFIRM_TRANSFERS_FROM * 10 ** exponent_of(command.amount.currency)
        return super().needs_confirming(command) or command.amount.minor >= least

    def answers(self, values: Values) -> list[Answer]:
        account, target = self.account, self._target(values)
        amount = parse_amount(values["amount"], account.currency)
        after = account.available_minor - amount.minor
        return [
            Answer(label=_("Amount"), value=money_html(amount.minor, account.currency), field="amount", is_main=True),
            Answer(label=_("From"), value=account.name, note=iban_html(account.iban)),
            Answer(label=_("To"), value=name_of_receiver(self.person, target), note=iban_html(target.iban), field="to"),
            Answer(label=_("Reference"), value=values["reference"] or _("None"), field="reference"),
            Answer(label=_("Available after it"), value=money_html(after, account.currency)),
        ]

    def _own_accounts(self) -> list[AccountRow]:
        """The customer's other accounts that could take it."""
        return [
            other
            for other in balances.of_customer(self.account.customer_id)
            if other.account_id != self.account.account_id
            and other.currency == self.account.currency
            and other.status != Status.CLOSED
        ]

    def _payees(self) -> list[Payee]:
        """The customer's own, for the customer alone. Without them where they are archived: an IBAN still works."""
        if not policy.owns(self.person, self.account):
            return []
        try:
            return payees.of_customer(self.account.customer_id)
        except EventsDetached:
            return []

    def _target(self, values: Values) -> AccountRow:
        """The account that the money goes to. Raises InvalidCommand."""
        if values["to"].startswith(TO_PAYEE):
            kept = {f"{TO_PAYEE}{payee.payee_id}": payee.iban for payee in self._payees()}
            paid = balances.find_by_iban(kept.get(values["to"], ""))
            if paid is None:
                raise InvalidCommand("to", "account_not_found", "Choose where the money goes.")
            return paid
        if values["to"] != TO_IBAN:
            own = balances.find(UUID(values["to"]))
            if own is None:
                raise InvalidCommand("to", "account_not_found", "Choose where the money goes.")
            return own
        if not values["iban"]:
            raise InvalidCommand("iban", "required", "Enter the IBAN of the account that the money goes to.")
        target = balances.find_by_iban(parse_iban(values["iban"]))
        if target is None:
            raise InvalidCommand("iban", "account_not_found", UNKNOWN_IBAN)
        return target


def iban_hint(person: policy.Person, text: str) -> tuple[str, bool]:
    """(what to say about an IBAN while it is typed, whether it is one that money can go to)."""
    if not text.strip():
        return "", False
    try:
        target = balances.find_by_iban(parse_iban(text))
    except InvalidCommand as invalid:
        return words.of_invalid(invalid), False
    if target is None:
        return gettext(UNKNOWN_IBAN), False
    if policy.may_see_customers(person):
        return gettext("This is the account of %(name)s.") % {"name": target.customer_name}, True
    return gettext("This is an account at this bank."), True
