"""Refusals: the named reasons why a command changed nothing. They are recorded in the command log, not as events."""

from typing import TYPE_CHECKING, Any, ClassVar

from accounts.money import Money

if TYPE_CHECKING:
    from accounts.outcome import Outcome


class Refused(Exception):
    """A rule refused the command.

    `code` is stable (clients branch on it), `fields` are the facts behind it (JSON), `str(refusal)` says it in words;
    `outcome` is set by the handler once the refusal is recorded.
    """

    code: ClassVar[str] = "refused"
    outcome: "Outcome | None" = None

    def __init__(self, **fields: Any) -> None:
        super().__init__()
        self.fields = fields

    def __str__(self) -> str:
        return (type(self).__doc__ or "").partition("\n")[0]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Refused) and type(other) is type(self) and other.fields == self.fields

    def __hash__(self) -> int:
        return hash((self.code, repr(self.fields)))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in self.fields.items())})"


class AccountNotFound(Refused):
    """There is no such account."""

    code = "account_not_found"


class AccountAlreadyOpened(Refused):
    """There is an account with this id already."""

    code = "account_already_opened"


class CustomerNotFound(Refused):
    """There is no such customer."""

    code = "customer_not_found"


class CustomerAlreadyRegistered(Refused):
    """There is a customer with this id already."""

    code = "customer_already_registered"


class CustomerIsErased(Refused):
    """The customer's personal data was erased: nobody is left to hold an account."""

    code = "customer_erased"


class PayeeAlreadyAdded(Refused):
    """This IBAN is among the payees already."""

    code = "payee_already_added"


class PayeeNotFound(Refused):
    """There is no such payee."""

    code = "payee_not_found"


class TooManyPayees(Refused):
    """No more payees can be kept. Fields: `limit`."""

    code = "too_many_payees"

    def __str__(self) -> str:
        return f"At most {self.fields['limit']} payees can be kept: remove one first."


class AccountIsFrozen(Refused):
    """The account is frozen: money can come in, but not go out."""

    code = "account_frozen"


class AccountIsNotFrozen(Refused):
    """The account is not frozen."""

    code = "account_not_frozen"


class AccountIsClosed(Refused):
    """The account is closed."""

    code = "account_closed"


class InsufficientFunds(Refused):
    """The balance does not cover this. Fields: `available_minor`, `currency`."""

    code = "insufficient_funds"

    def __str__(self) -> str:
        available = Money(self.fields["available_minor"], self.fields["currency"])
        return f"The balance does not cover this: {available} {available.currency} available."


class LimitExceeded(Refused):
    """The amount would take the balance above what an account may hold. Fields: `limit_minor`, `currency`."""

    code = "limit_exceeded"

    def __str__(self) -> str:
        limit = Money(self.fields["limit_minor"], self.fields["currency"])
        return f"An account may hold at most {limit} {limit.currency}."


class CurrencyMismatch(Refused):
    """The account is kept in another currency. Fields: `account_currency`, `currency`."""

    code = "currency_mismatch"

    def __str__(self) -> str:
        return f"The account is kept in {self.fields['account_currency']}, not in {self.fields['currency']}."


class SameAccount(Refused):
    """The money would go to the account that it comes from."""

    code = "same_account"


class BalanceNotZero(Refused):
    """The account still has a balance. Fields: `balance_minor`, `currency`."""

    code = "balance_not_zero"

    def __str__(self) -> str:
        balance = Money(self.fields["balance_minor"], self.fields["currency"])
        return f"The balance must be zero before the account can be closed: it is {balance} {balance.currency}."


class NameUnchanged(Refused):
    """The account has this name already."""

    code = "name_unchanged"


class IbanTaken(Refused):
    """Another account has this IBAN already."""

    code = "iban_taken"


class IdTaken(Refused):
    """Something of another kind has this id already."""

    code = "id_taken"


class WebhookEndpointNotFound(Refused):
    """There is no such webhook endpoint."""

    code = "webhook_endpoint_not_found"


class WebhookEndpointAlreadyRegistered(Refused):
    """There is a webhook endpoint with this id already."""

    code = "webhook_endpoint_already_registered"


class WebhookEndpointIsDisabled(Refused):
    """The webhook endpoint is disabled: nothing is sent to it."""

    code = "webhook_endpoint_disabled"


class WebhookEndpointIsNotDisabled(Refused):
    """The webhook endpoint is not disabled."""

    code = "webhook_endpoint_not_disabled"


class WebhookEndpointIsRemoved(Refused):
    """The webhook endpoint was removed."""

    code = "webhook_endpoint_removed"


class RecordJobNotFound(Refused):
    """There is no such job about the record, or it is not made yet."""

    code = "record_job_not_found"


class RecordJobAlreadyRequested(Refused):
    """There is a job about the record with this id already."""

    code = "record_job_already_requested"


class KeyReused(Refused):
    """The command's id was used before, for another command."""

    code = "key_reused"


REFUSALS: dict[str, type[Refused]] = {kind.code: kind for kind in Refused.__subclasses__()}


def restore_refusal(code: str, fields: dict[str, Any]) -> Refused:
    """The refusal that the command log recorded; one whose code this version no longer knows keeps code and fields."""
    kind = REFUSALS.get(code)
    if kind is None:
        kind = type("Refused", (Refused,), {"code": code, "__doc__": f"Refused: {code}."})
    return kind(**fields)
