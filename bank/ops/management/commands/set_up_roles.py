"""Make the database roles of web, workers and auditors, with the grants that each needs and no more."""

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from bank.ops import roles


class Command(BaseCommand):
    """`manage.py set_up_roles`, after each migrate, as the tables' owner (who needs CREATEROLE the first time)."""

    help = "Make the database roles of web, workers and auditors; --print shows the grants instead."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--print", action="store_true", dest="show", help="print the grants, change nothing")

    def handle(self, *_args: Any, **options: Any) -> None:
        from django.db import connection

        if options["show"]:
            statements = roles.statements(set(connection.introspection.table_names()))
            self.stdout.write("".join(f"{statement};\n" for statement in statements))
            return
        try:
            roles.set_up()
        except DatabaseError as error:
            raise CommandError(f"the roles were not made: {error}") from error
        self.stdout.write(f"roles: {roles.APP}, {roles.WORKER}, {roles.AUDITOR}")
