"""What tasks about one account have in common."""

from typing import ClassVar

from django.urls import reverse

from bank.identity import policy
from bank.identity.models import User
from bank.web.tasks.task import Task
from readmodels.balances import AccountRow


class AccountTask(Task):
    """A task of an account's page."""

    account: AccountRow
    slug: ClassVar[str]  # of its path: /accounts/<id>/<slug>

    def __init__(self, person: User, account: AccountRow) -> None:
        super().__init__(person, account)

    @classmethod
    def is_allowed(cls, person: policy.Person, account: AccountRow) -> bool:
        """Whether the policy lets this person do it to this account. Staff's tasks, unless a task says otherwise."""
        del account
        return policy.may_serve_customers(person)

    @property
    def is_own(self) -> bool:
        """Whether the customer does it. A page that asks by itself would have staff look at customers' data unasked."""
        return policy.owns(self.person, self.account)

    @property
    def is_relevant(self) -> bool:
        """Whether it makes sense to offer it, even as something that can't be done now."""
        return True

    @property
    def form_url(self) -> str:
        """/accounts/<id>/<slug>."""
        return reverse(f"web:{self.name}", args=[self.account.account_id])

    @property
    def back_url(self) -> str:
        """The account's page."""
        return reverse("web:account", args=[self.account.account_id])

    @property
    def back_label(self) -> str:
        """The account's name."""
        return self.account.name
