"""Invitations: a customer opens a log-in with a link from the bank, signed, good for a while and for one time."""

import secrets
import unicodedata
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.core.mail import EmailMessage
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from accounts.handler import handle
from accounts.log_in import InviteCustomer
from bank.identity import letters, policy, recording
from bank.identity.models import Invitation, Role, User
from bank.web.middleware import correlation_id
from ledger.ids import derived_id, new_id
from readmodels import customers
from readmodels.customers import CustomerRow

_SALT: Final = "bank.identity.invitation"
_NAMES_TRIED: Final = 20


class HasLogIn(Exception):
    """The customer signs in already."""


class NotOpen(Exception):
    """The invitation was used, replaced, or is too old; or it never was one."""


def invite(request: HttpRequest, customer: CustomerRow, by: User) -> Invitation:
    """A new invitation instead of earlier ones; by mail, too, where the bank has an address. Raises HasLogIn."""
    if has_log_in(customer.customer_id):
        raise HasLogIn
    now, invitation_id = timezone.now(), new_id()
    expires_at = now + timedelta(days=settings.INVITATION_DAYS)
    command = InviteCustomer(
        command_id=invitation_id,
        at=now,
        log_in_id=derived_id(customer.customer_id, "log-in"),
        customer_id=customer.customer_id,
        expires_at=expires_at,
    )
    handle(command, by=policy.actor_of(by, recording.CHANNEL), correlation_id=correlation_id(request))
    with transaction.atomic():
        Invitation.objects.filter(customer_id=customer.customer_id, used_at=None, expires_at__gt=now).update(
            expires_at=now
        )
        invitation = Invitation.objects.create(
            invitation_id=invitation_id,
            customer_id=customer.customer_id,
            username=_new_username(customer.name),
            expires_at=expires_at,
        )
    if customer.email:
        _mail(request, invitation, customer)
    return invitation


def has_log_in(customer_id: UUID) -> bool:
    """Whether somebody can sign in as this customer."""
    return User.objects.filter(customer_id=customer_id, is_active=True).exists()


def open_invitation_of(customer_id: UUID) -> Invitation | None:
    """The one whose link works."""
    return Invitation.objects.filter(customer_id=customer_id, used_at=None, expires_at__gt=timezone.now()).first()


def link(request: HttpRequest, invitation: Invitation) -> str:
    """The address to hand over."""
    token = signing.dumps(invitation.invitation_id.hex, salt=_SALT)
    return request.build_absolute_uri(reverse("invitation", args=[token]))


def find(token: str) -> tuple[Invitation, CustomerRow]:
    """The invitation of a link, and whom it is for. Raises NotOpen."""
    try:
        invitation_id = UUID(signing.loads(token, salt=_SALT))
    except (signing.BadSignature, ValueError):
        raise NotOpen from None
    invitation = Invitation.objects.filter(
        invitation_id=invitation_id, used_at=None, expires_at__gt=timezone.now()
    ).first()
    customer = customers.find(invitation.customer_id) if invitation else None
    if invitation is None or customer is None or has_log_in(invitation.customer_id):
        raise NotOpen
    return invitation, customer


def person_for(invitation: Invitation, customer: CustomerRow) -> User:
    """Who it will be, not kept yet."""
    return User(
        username=invitation.username,
        email=customer.email,
        roles=[Role.CUSTOMER],
        customer_id=customer.customer_id,
    )


@transaction.atomic
def accept(request: HttpRequest, invitation: Invitation, customer: CustomerRow, password: str) -> User:
    """The log-in, on record. Raises NotOpen where somebody was quicker."""
    locked = Invitation.objects.select_for_update().get(pk=invitation.pk)
    if locked.used_at is not None or locked.expires_at <= timezone.now():
        raise NotOpen
    locked.used_at = timezone.now()
    locked.save(update_fields=["used_at"])
    person = person_for(invitation, customer)
    person.set_password(password)
    try:
        with transaction.atomic():
            person.save()
    except IntegrityError:
        raise NotOpen from None
    recording.roles_changed(request, person, by=person)
    recording.password_set(request, person, "invited")
    return person


def _new_username(name: str) -> str:
    """Nobody chooses a name: so nobody learns which are taken. Such as ada-4821."""
    first = name.split(maxsplit=1)[0] if name.split() else ""
    plain = unicodedata.normalize("NFKD", first).encode("ascii", "ignore").decode().lower()
    base = "".join(c for c in plain if c.isalnum())[:20] or "customer"
    for _ in range(_NAMES_TRIED):
        username = f"{base}-{secrets.randbelow(9_000) + 1_000}"
        if not _is_taken(username):
            return username
    return f"{base}-{secrets.token_hex(6)}"


def _is_taken(username: str) -> bool:
    now = timezone.now()
    return (
        User.objects.filter(username__iexact=username).exists()
        or Invitation.objects.filter(username=username, used_at=None, expires_at__gt=now).exists()
    )


def _mail(request: HttpRequest, invitation: Invitation, customer: CustomerRow) -> None:
    """The link is on the page, too."""
    context = {"bank_name": settings.BANK_NAME, "link": link(request, invitation), "invitation": invitation}
    text = render_to_string("identity/invitation.txt", context)
    subject = gettext("%(bank)s: your log-in") % {"bank": settings.BANK_NAME}
    letters.send(EmailMessage(subject, text, to=[customer.email]))
