"""What a person is told of the account that money goes to: never more of its holder than the person knew before."""

from django.utils.translation import gettext

from bank.identity import policy
from ledger.partitions import EventsDetached
from readmodels import payees
from readmodels.balances import AccountRow


def name_of_receiver(person: policy.Person, account: AccountRow) -> str:
    """The name of one's own account, or the holder's for those who may look up customers.

    Of somebody else's account a customer is told the name under which it is kept among the payees, if it is: whose an
    account is, is for its holder to tell.
    """
    if policy.owns(person, account):
        return account.name
    if policy.may_see_customers(person):
        return account.customer_name
    return _kept_as(person, account.iban) or gettext("An account at this bank")


def _kept_as(person: policy.Person, iban: str) -> str:
    """Nothing where the payees are archived."""
    customer_id = policy.customer_of(person)
    try:
        kept = payees.of_customer(customer_id) if customer_id else []
    except EventsDetached:
        return ""
    return next((payee.name for payee in kept if payee.iban == iban), "")
