"""Prints a new API token for a user."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from typing_extensions import override

from bank.api.scopes import Scope, scopes_for
from bank.api.tokens import issue_token
from bank.identity import recording
from bank.identity.models import User

_DEFAULT_DAYS = 90
_MOST_DAYS = 3650


class Command(BaseCommand):
    """One token on stdout and nothing else, so that a script can take it."""

    help = "Make an API token for a user and print it. It is shown this once."

    @override
    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument(
            "--scope",
            action="extend",
            nargs="+",
            choices=[str(scope) for scope in Scope],
            help="what the token may be used for, one or more (default: all that the user's roles allow)",
        )
        parser.add_argument(
            "--days", type=int, default=_DEFAULT_DAYS, help="how long it is good for (default: %(default)s)"
        )
        parser.add_argument(
            "--label", default="made on the command line", help="what it is for, shown in lists of tokens"
        )

    @override
    def handle(
        self, *_args: Any, username: str, scope: list[str] | None, days: int, label: str, **_options: Any
    ) -> None:
        user = User.objects.filter(username=username).first()
        if user is None:
            raise CommandError(f"There is no user {username}.")
        if not user.is_active:
            raise CommandError(f"{username} is not active: a token would open nothing.")
        if not 1 <= days <= _MOST_DAYS:
            raise CommandError(f"--days must be from 1 to {_MOST_DAYS}.")
        if not 1 <= len(label) <= 100:
            raise CommandError("--label must have 1 to 100 characters.")
        # Whether a role of staff counts yet, for want of a second factor, is asked with each call; and by the web's
        # settings, which a shell beside it need not have.
        user.has_second_factor = True
        useful = scopes_for(user)
        scopes = [Scope(name) for name in scope] if scope else useful
        if not scopes:
            raise CommandError(f"{username} has no role for which the API has a scope.")
        for extra in sorted(set(scopes) - set(useful) - {Scope.ALL}):
            self.stderr.write(f"{username} has no role that {extra} is of use to.")
        with transaction.atomic():
            token, secret = issue_token(user, label=label, scopes=scopes, lifetime=timedelta(days=days))
            recording.token_made(user, token, recording.OPERATOR)
        self.stdout.write(secret)
