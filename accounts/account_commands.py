"""What people want of accounts, and the rules that decide it: guards first, then the events."""

from uuid import UUID

from msgspec.structs import force_setattr

from accounts.account import (
    Account,
    AccountClosed,
    AccountEvent,
    AccountFrozen,
    AccountOpened,
    AccountRenamed,
    AccountUnfrozen,
    DepositMade,
    OverdraftLimitSet,
    Status,
    TransferReceived,
    TransferSent,
    WithdrawalMade,
)
from accounts.command import Command
from accounts.customer import Customer
from accounts.iban import parse_iban
from accounts.invalid import InvalidCommand
from accounts.money import Money, exponent_of
from accounts.refusals import (
    AccountAlreadyOpened,
    AccountIsClosed,
    AccountIsFrozen,
    AccountIsNotFrozen,
    AccountNotFound,
    BalanceNotZero,
    CurrencyMismatch,
    CustomerIsErased,
    CustomerNotFound,
    InsufficientFunds,
    LimitExceeded,
    NameUnchanged,
    SameAccount,
)
from accounts.text import NAME_LENGTH, REFERENCE_LENGTH, clean_text

# Far above any balance that there is, far enough below 2**63 that no single credit can leave PostgreSQL's bigint.
MAX_BALANCE_MINOR = 10**17


class OpenAccount(Command, frozen=True, kw_only=True):
    """Open an account for a registered customer. `overdraft_limit_currency`: where it was said beside the limit."""

    account_id: UUID
    customer_id: UUID
    iban: str
    name: str
    currency: str
    overdraft_limit_minor: int = 0
    overdraft_limit_currency: str | None = None

    def __post_init__(self) -> None:
        exponent_of(self.currency)
        force_setattr(self, "iban", parse_iban(self.iban))
        force_setattr(self, "name", clean_text(self.name, "name", max_length=NAME_LENGTH, required=True))
        _check_overdraft_limit(self.overdraft_limit_minor)


class _CashMovement(Command, frozen=True, kw_only=True):
    """Money over the bank's edge: `operation` (how), `purpose` (what for), `counterparty` (who outside) where known."""

    account_id: UUID
    amount: Money
    reference: str = ""
    operation: str = ""
    purpose: str = ""
    counterparty: str = ""

    def __post_init__(self) -> None:
        _check_positive(self.amount)
        _clean_reference(self)


class Deposit(_CashMovement, frozen=True, kw_only=True):
    """Put money into an account."""


class Withdraw(_CashMovement, frozen=True, kw_only=True):
    """Take money out of an account."""


class Transfer(Command, frozen=True, kw_only=True):
    """Send money from one account of this bank to another."""

    from_account_id: UUID
    to_account_id: UUID
    amount: Money
    reference: str = ""

    def __post_init__(self) -> None:
        _check_positive(self.amount)
        _clean_reference(self)


class _WithReason(Command, frozen=True, kw_only=True):
    account_id: UUID
    reason: str = ""

    def __post_init__(self) -> None:
        force_setattr(self, "reason", clean_text(self.reason, "reason", max_length=REFERENCE_LENGTH))


class FreezeAccount(_WithReason, frozen=True, kw_only=True):
    """Stop debits."""


class UnfreezeAccount(_WithReason, frozen=True, kw_only=True):
    """Allow debits again."""


class CloseAccount(_WithReason, frozen=True, kw_only=True):
    """Close an account whose balance is zero, for ever."""


class SetOverdraftLimit(Command, frozen=True, kw_only=True):
    """Set how far below zero the balance may go. A limit below what is in use only blocks further debits."""

    account_id: UUID
    overdraft_limit: Money

    def __post_init__(self) -> None:
        _check_overdraft_limit(self.overdraft_limit.minor)


class RenameAccount(Command, frozen=True, kw_only=True):
    """Call an account by another name."""

    account_id: UUID
    name: str

    def __post_init__(self) -> None:
        force_setattr(self, "name", clean_text(self.name, "name", max_length=NAME_LENGTH, required=True))


def open_account(account: Account | None, customer: Customer | None, command: OpenAccount) -> list[AccountEvent]:
    """Refuses an unknown or erased customer, an id that is taken, and an overdraft limit in another currency."""
    if customer is None:
        raise CustomerNotFound
    if customer.is_erased:
        raise CustomerIsErased
    if account is not None:
        raise AccountAlreadyOpened
    if command.overdraft_limit_currency not in (None, command.currency):
        raise CurrencyMismatch(account_currency=command.currency, currency=command.overdraft_limit_currency)
    return [
        AccountOpened(
            customer_id=command.customer_id,
            iban=command.iban,
            name=command.name,
            currency=command.currency,
            overdraft_limit_minor=command.overdraft_limit_minor,
            occurred_at=command.at,
        )
    ]


def deposit(account: Account | None, command: Deposit) -> list[AccountEvent]:
    """Refuses a closed account, another currency, and a balance beyond the limit."""
    credited = _guard_credit(account, command.amount)
    return [
        DepositMade(
            amount_minor=command.amount.minor,
            currency=credited.currency,
            reference=command.reference,
            occurred_at=command.at,
            operation=command.operation,
            purpose=command.purpose,
            counterparty=command.counterparty,
        )
    ]


def withdraw(account: Account | None, command: Withdraw) -> list[AccountEvent]:
    """Refuses a closed or frozen account, another currency, and more than what is available."""
    debited = _guard_debit(account, command.amount)
    return [
        WithdrawalMade(
            amount_minor=command.amount.minor,
            currency=debited.currency,
            reference=command.reference,
            occurred_at=command.at,
            operation=command.operation,
            purpose=command.purpose,
            counterparty=command.counterparty,
        )
    ]


def transfer(
    source: Account | None, target: Account | None, command: Transfer
) -> tuple[list[AccountEvent], list[AccountEvent]]:
    """The events of both sides. Refuses a transfer to itself and whatever a debit or a credit would be refused for."""
    if command.from_account_id == command.to_account_id:
        raise SameAccount
    debited = _guard_debit(source, command.amount)
    _guard_credit(target, command.amount)
    sent = TransferSent(
        transfer_id=command.command_id,
        to_account_id=command.to_account_id,
        amount_minor=command.amount.minor,
        currency=debited.currency,
        reference=command.reference,
        occurred_at=command.at,
    )
    received = TransferReceived(
        transfer_id=command.command_id,
        from_account_id=command.from_account_id,
        amount_minor=command.amount.minor,
        currency=debited.currency,
        reference=command.reference,
        occurred_at=command.at,
    )
    return [sent], [received]


def freeze(account: Account | None, command: FreezeAccount) -> list[AccountEvent]:
    """Refuses an account that is frozen already, or closed."""
    existing = _guard_not_closed(account)
    if existing.status is Status.FROZEN:
        raise AccountIsFrozen
    return [AccountFrozen(reason=command.reason, occurred_at=command.at)]


def unfreeze(account: Account | None, command: UnfreezeAccount) -> list[AccountEvent]:
    """Refuses an account that is not frozen."""
    existing = _guard_not_closed(account)
    if existing.status is not Status.FROZEN:
        raise AccountIsNotFrozen
    return [AccountUnfrozen(reason=command.reason, occurred_at=command.at)]


def set_overdraft_limit(account: Account | None, command: SetOverdraftLimit) -> list[AccountEvent]:
    """Refuses a closed account and another currency."""
    existing = _guard_not_closed(account)
    _guard_currency(existing, command.overdraft_limit)
    return [OverdraftLimitSet(overdraft_limit_minor=command.overdraft_limit.minor, occurred_at=command.at)]


def close(account: Account | None, command: CloseAccount) -> list[AccountEvent]:
    """Refuses an account with a balance, whether it is owed to the customer or by the customer."""
    existing = _guard_not_closed(account)
    if existing.balance_minor != 0:
        raise BalanceNotZero(balance_minor=existing.balance_minor, currency=existing.currency)
    return [AccountClosed(reason=command.reason, occurred_at=command.at)]


def rename(account: Account | None, command: RenameAccount) -> list[AccountEvent]:
    """Refuses a closed account, and the name that it has already."""
    existing = _guard_not_closed(account)
    if existing.name == command.name:
        raise NameUnchanged
    return [AccountRenamed(name=command.name, occurred_at=command.at)]


def _guard_credit(account: Account | None, amount: Money) -> Account:
    existing = _guard_not_closed(account)
    _guard_currency(existing, amount)
    if existing.balance_minor + amount.minor > MAX_BALANCE_MINOR:
        raise LimitExceeded(limit_minor=MAX_BALANCE_MINOR, currency=existing.currency)
    return existing


def _guard_debit(account: Account | None, amount: Money) -> Account:
    existing = _guard_not_closed(account)
    if existing.status is Status.FROZEN:
        raise AccountIsFrozen
    _guard_currency(existing, amount)
    if amount.minor > existing.available_minor:
        raise InsufficientFunds(available_minor=existing.available_minor, currency=existing.currency)
    return existing


def _guard_not_closed(account: Account | None) -> Account:
    if account is None:
        raise AccountNotFound
    if account.status is Status.CLOSED:
        raise AccountIsClosed
    return account


def _guard_currency(account: Account, amount: Money) -> None:
    if amount.currency != account.currency:
        raise CurrencyMismatch(account_currency=account.currency, currency=amount.currency)


def _check_positive(amount: Money) -> None:
    exponent_of(amount.currency)
    if amount.minor <= 0:
        raise InvalidCommand("amount", "invalid_amount", "The amount must be more than zero.")


def _check_overdraft_limit(limit_minor: int) -> None:
    if not 0 <= limit_minor <= MAX_BALANCE_MINOR:
        raise InvalidCommand("overdraft_limit", "invalid_amount", "The overdraft limit must not be below zero.")


def _clean_reference(command: _CashMovement | Transfer) -> None:
    """The other texts of a cash movement come from programs, but they reach the same statements."""
    force_setattr(command, "reference", clean_text(command.reference, "reference", max_length=REFERENCE_LENGTH))
    if isinstance(command, _CashMovement):
        for field in ("operation", "purpose", "counterparty"):
            value = getattr(command, field)
            if value:
                force_setattr(command, field, clean_text(value, field, max_length=REFERENCE_LENGTH))
