"""A customer's way in, for staff: signs in already, is invited (with the link to hand over), or neither."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.http import HttpRequest

from bank.identity import invitations, policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Online:
    """`link` is empty where no invitation is open."""

    customer_id: UUID
    has_log_in: bool
    link: str = ""
    username: str = ""
    expires_at: datetime | None = None


def online_of(request: HttpRequest, customer_id: UUID | None) -> Online | None:
    """None for whoever does not serve customers: the link is a key."""
    if customer_id is None or not policy.may_serve_customers(request.user):
        return None
    if invitations.has_log_in(customer_id):
        return Online(customer_id=customer_id, has_log_in=True)
    invitation = invitations.open_invitation_of(customer_id)
    if invitation is None:
        return Online(customer_id=customer_id, has_log_in=False)
    return Online(
        customer_id=customer_id,
        has_log_in=False,
        link=invitations.link(request, invitation),
        username=invitation.username,
        expires_at=invitation.expires_at,
    )
