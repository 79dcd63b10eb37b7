"""What people call the account classes."""

from collections.abc import Mapping
from typing import Final

from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrPromise

from accounts.postings import AccountClass, Nature

CLASS_WORDS: Final[Mapping[AccountClass, StrPromise]] = {
    AccountClass.CASH: _("Cash"),
    AccountClass.CUSTOMER_DEPOSITS: _("Customer deposits"),
    AccountClass.TRANSFERS_IN_TRANSIT: _("Transfers in transit"),
}
NATURE_WORDS: Final[Mapping[Nature, StrPromise]] = {
    Nature.ASSET: _("asset"),
    Nature.LIABILITY: _("liability"),
}
