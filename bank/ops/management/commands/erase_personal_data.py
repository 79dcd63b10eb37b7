"""Erase who a customer is: name and email in the ledger and in the read models, and the log-in."""

import argparse
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.customer import ErasePersonalData
from accounts.handler import Actor, handle
from accounts.refusals import Refused
from bank.identity.erasing import erase_log_ins
from ledger.ids import new_id


class Command(BaseCommand):
    """`manage.py erase_personal_data CUSTOMER --reason TEXT`: amounts, events and hashes stay, names are gone."""

    help = "Destroy the key of a customer's personal data, for ever; amounts and hashes stay."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("customer", type=UUID, metavar="CUSTOMER", help="the customer's id")
        parser.add_argument("--reason", required=True, help="kept with the event; must not name the person")

    def handle(self, *_args: Any, **options: Any) -> None:
        command = ErasePersonalData(
            command_id=new_id(), at=timezone.now(), customer_id=options["customer"], reason=options["reason"]
        )
        try:
            handle(command, by=Actor(id="system:operator", channel="job"))
        except Refused as refusal:
            raise CommandError(str(refusal)) from refusal
        log_ins = erase_log_ins(options["customer"])
        self.stdout.write(f"erased {options['customer']}; log-ins closed: {log_ins}")
