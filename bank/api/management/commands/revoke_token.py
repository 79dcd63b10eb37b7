"""Revokes API tokens: one by the beginning that lists show, or all of a user's."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from typing_extensions import override

from bank.api.models import ApiToken
from bank.api.tokens import revoke_token
from bank.identity import recording


class Command(BaseCommand):
    """`manage.py revoke_token USERNAME`: every token of a user; `--prefix P` takes one."""

    help = "Revoke a user's API tokens, all of them or the one that begins with a prefix; they end at once."

    @override
    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--prefix", default="", help="the beginning of the token (default: all of the user's)")

    @override
    def handle(self, *_args: Any, username: str, prefix: str, **_options: Any) -> None:
        tokens = ApiToken.objects.filter(user__username=username, prefix__startswith=prefix, revoked_at=None)
        if not tokens:
            raise CommandError(f"{username} has no such token in use.")
        for token in tokens:
            with transaction.atomic():
                if revoke_token(token):
                    recording.token_revoked(token.user, token, recording.OPERATOR)
            self.stdout.write(f"revoked {token.prefix} ({token.label})")
