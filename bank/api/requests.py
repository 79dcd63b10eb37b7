"""What requests look like: bodies and query parameters."""

from accounts.customer import EMAIL_LENGTH
from accounts.postings import AccountClass
from accounts.text import NAME_LENGTH, REFERENCE_LENGTH
from bank.api.fields import (
    AccountField,
    AmountField,
    CurrencyField,
    DateField,
    DateOrTimestampField,
    EmailField,
    MoneyField,
    OneOfField,
    QuerySerializer,
    StrictSerializer,
    TextField,
    TimestampField,
    UuidField,
    WholeNumberField,
)
from readmodels.largest_movements import KINDS

DEFAULT_LIMIT = 50
MOST_LIMIT = 200
_MOST_POSITION = 10**18 - 1
_QUERY_TEXT_LENGTH = 200
_MOST_DAYS = 36_500
_CLASSES = tuple(c.value for c in AccountClass)


class RegisterCustomerRequest(StrictSerializer):
    """`POST /customers`"""

    name = TextField(max_length=NAME_LENGTH, allow_blank=False)
    email = EmailField(max_length=EMAIL_LENGTH)


class OpenAccountRequest(StrictSerializer):
    """`POST /accounts`"""

    customer_id = UuidField()
    name = TextField(max_length=NAME_LENGTH, allow_blank=False)
    currency = CurrencyField()
    overdraft_limit = MoneyField(allow_zero=True, required=False)


class CashRequest(StrictSerializer):
    """`POST /accounts/{id}/deposits` and `/withdrawals`"""

    amount = MoneyField()
    reference = TextField(max_length=REFERENCE_LENGTH, required=False)


class TransferRequest(StrictSerializer):
    """`POST /transfers`; both sides by id or IBAN."""

    from_ = AccountField()
    to = AccountField()
    amount = MoneyField()
    reference = TextField(max_length=REFERENCE_LENGTH, required=False)


class ReasonRequest(StrictSerializer):
    """`POST /accounts/{id}/freeze`, `/unfreeze` and `/close`"""

    reason = TextField(max_length=REFERENCE_LENGTH, required=False)


class OverdraftLimitRequest(StrictSerializer):
    """`POST /accounts/{id}/overdraft-limit`"""

    overdraft_limit = MoneyField(allow_zero=True)


class SteeringRequest(StrictSerializer):
    """`POST /projections/{name}/pause`, `/resume` and `/rebuild`: nothing to say besides."""


class PageQuery(QuerySerializer):
    """What every list takes."""

    limit = WholeNumberField(min_value=1, max_value=MOST_LIMIT, code="invalid_limit", default=DEFAULT_LIMIT)
    cursor = TextField(max_length=_QUERY_TEXT_LENGTH, required=False)


class AccountQuery(QuerySerializer):
    """`GET /accounts/{id}`: at a moment, or at a version."""

    as_of = TimestampField(required=False)
    version = WholeNumberField(min_value=1, max_value=2**31 - 1, code="invalid_version", required=False)


class StreamQuery(AccountQuery):
    """`GET /streams/{stream_id}`: at a moment, or at a version."""


class MovementsQuery(PageQuery):
    """`GET /accounts/{id}/transactions`: dates and amounts inclusive, amounts without sign; a moment `to` exclusive."""

    from_ = DateOrTimestampField(required=False)
    to = DateOrTimestampField(required=False)
    kind = OneOfField(choices=("deposit", "withdrawal", "transfer_sent", "transfer_received"), required=False)
    min_amount = AmountField(required=False)
    max_amount = AmountField(required=False)
    q = TextField(max_length=_QUERY_TEXT_LENGTH, required=False)
    consistent_with = TextField(max_length=_QUERY_TEXT_LENGTH, required=False)


class EventsQuery(PageQuery):
    """`GET /events`: `from` inclusive, `to` exclusive, by the time of recording."""

    after = WholeNumberField(min_value=0, max_value=_MOST_POSITION, code="invalid_position", required=False)
    stream = UuidField(required=False)
    type = TextField(max_length=_QUERY_TEXT_LENGTH, required=False)
    actor = TextField(max_length=_QUERY_TEXT_LENGTH, required=False)
    correlation_id = UuidField(required=False)
    from_ = TimestampField(required=False)
    to = TimestampField(required=False)


class PeriodQuery(PageQuery):
    """Reports by day: both dates inclusive."""

    from_ = DateField(required=False)
    to = DateField(required=False)
    currency = CurrencyField(required=False)
    consistent_with = TextField(max_length=_QUERY_TEXT_LENGTH, required=False)


class DaysQuery(PageQuery):
    """`GET /reports/refusals`: both dates inclusive."""

    from_ = DateField(required=False)
    to = DateField(required=False)


class LargestQuery(PageQuery):
    """`GET /reports/largest_movements`: both dates inclusive."""

    from_ = DateField(required=False)
    to = DateField(required=False)
    currency = CurrencyField()
    kind = OneOfField(choices=KINDS, required=False)
    consistent_with = TextField(max_length=_QUERY_TEXT_LENGTH, required=False)


class BandsQuery(PageQuery):
    """`GET /reports/balance_distribution`"""

    currency = CurrencyField(required=False)
    consistent_with = TextField(max_length=_QUERY_TEXT_LENGTH, required=False)


class DormantQuery(BandsQuery):
    """`GET /reports/dormant_accounts`: nothing was initiated for `days` days."""

    days = WholeNumberField(min_value=0, max_value=_MOST_DAYS, code="invalid_number", required=False)


class TrialBalanceQuery(BandsQuery):
    """`GET /reports/trial_balance`: at the end of a day."""

    on = DateField(required=False, help_text="At the end of this day; today unless it is said.")


class GeneralLedgerQuery(PeriodQuery):
    """`GET /reports/general_ledger`: both dates inclusive."""

    account_class = OneOfField(choices=_CLASSES, required=False)


class JournalQuery(PageQuery):
    """`GET /reports/journal`: one day."""

    on = DateField(required=False, help_text="The day; today unless it is said.")
    currency = CurrencyField()
    account_class = OneOfField(choices=_CLASSES, required=False)
    consistent_with = TextField(max_length=_QUERY_TEXT_LENGTH, required=False)
