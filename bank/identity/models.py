"""Users with roles, invitations to become one, and the failed sign-ins that slow down guessing."""

from django.apps import apps
from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """What a person is to the bank; one may have several roles. What each may do is said in `policy`."""

    CUSTOMER = "customer", _("Customer")
    TELLER = "teller", _("Teller")
    AUDITOR = "auditor", _("Auditor")
    OPERATIONS = "operations", _("Operations")
    ADMIN = "admin", _("Administrator")


class User(AbstractUser):
    """A person who signs in. `customer_id` ties a customer's log-in to the customer's stream in the ledger.

    `language` is empty for whoever has chosen none: then the browser decides.
    """

    roles = ArrayField(models.CharField(max_length=20, choices=Role), default=list, blank=True)
    customer_id = models.UUIDField(null=True, blank=True, db_index=True)
    language = models.CharField(max_length=8, blank=True, default="")

    @cached_property
    def has_second_factor(self) -> bool:
        """Whether signing in takes more than the password."""
        factors = apps.get_model("mfa", "Authenticator").objects
        return bool(factors.filter(user_id=self.pk, type__in=("totp", "webauthn")).exists())

    class Meta(AbstractUser.Meta):
        constraints = [
            models.CheckConstraint(
                name="identity_user_roles_known",
                condition=models.Q(roles__contained_by=[str(role) for role in Role]),
            ),
        ]


class FailedSignIn(models.Model):
    """One failed sign-in, counted under keyed hashes: neither names nor addresses are kept.

    It stands in PostgreSQL, which signing in needs anyway, so that the limit holds while the cache is away.
    """

    key = models.CharField(max_length=64)
    failed_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["key", "failed_at"]), models.Index(fields=["failed_at"])]

    def __str__(self) -> str:
        return f"{self.key[:8]} at {self.failed_at:%Y-%m-%d %H:%M:%S}"


class Invitation(models.Model):
    """A customer may open a log-in under this user name, once, until it expires. The link is its id, signed."""

    invitation_id = models.UUIDField(primary_key=True)
    customer_id = models.UUIDField(db_index=True)
    username = models.CharField(max_length=150)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.username} until {self.expires_at:%Y-%m-%d}"
