"""Every task of an account's page, in the order in which they are offered."""

from bank.identity.models import User
from bank.web.tasks.account_task import AccountTask
from bank.web.tasks.care import CloseTask, FreezeTask, OverdraftTask, UnfreezeTask
from bank.web.tasks.cash import DepositTask, WithdrawTask
from bank.web.tasks.rename import RenameTask
from bank.web.tasks.transfer import TransferTask
from readmodels.balances import AccountRow

ACCOUNT_TASKS: tuple[type[AccountTask], ...] = (
    TransferTask,
    DepositTask,
    WithdrawTask,
    RenameTask,
    OverdraftTask,
    FreezeTask,
    UnfreezeTask,
    CloseTask,
)


def tasks_for(person: User, account: AccountRow) -> list[AccountTask]:
    """What this person may do to this account; a task that can't be done just now tells its `obstacle`."""
    tasks = [task(person, account) for task in ACCOUNT_TASKS if task.is_allowed(person, account)]
    return [task for task in tasks if task.is_relevant]
