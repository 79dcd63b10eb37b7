"""Erasing log-ins: what identity itself knows of a person."""

from uuid import UUID

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.db import transaction

from bank.identity.models import Invitation, User


@transaction.atomic
def erase_log_ins(customer_id: UUID) -> int:
    """Close every log-in of a customer and forget name, email, password, second factors, devices; how many there were.

    Sessions end by themselves: they are bound to the password, which is gone.
    """
    Invitation.objects.filter(customer_id=customer_id).delete()
    people = list(User.objects.select_for_update().filter(customer_id=customer_id))
    for person in people:
        person.username = f"erased-{person.pk}"
        person.first_name = person.last_name = person.email = ""
        person.is_active = False
        person.set_unusable_password()
        person.save()
        for model in (Authenticator, EmailAddress, UserSession):
            model.objects.filter(user=person).delete()
    return len(people)
