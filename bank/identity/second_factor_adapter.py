"""How allauth keeps second factors in this bank: encrypted, under the bank's name, in its words."""

from typing import Any, Final

from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from bank.identity.models import User
from bank.identity.qr import qr_svg
from bank.identity.sealing import seal, unseal

_ERRORS: Final = {
    "incorrect_code": _("The code is wrong, or was used already. Wait for the next one and try again."),
}


class SecondFactorAdapter(DefaultMFAAdapter):
    """Secrets are sealed with the bank's key; people see the bank's name and their own user name."""

    error_messages = {**DefaultMFAAdapter.error_messages, **_ERRORS}

    def encrypt(self, text: str) -> str:
        """What the table keeps."""
        return seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        """What `encrypt` was given."""
        return unseal(encrypted_text)

    def get_totp_label(self, user: User) -> str:
        """In the authenticator app. The email is left out: apps show and sync what they are given."""
        return user.username

    def get_totp_issuer(self) -> str:
        """In the authenticator app."""
        return str(settings.BANK_NAME)

    def build_totp_svg(self, url: str) -> SafeString:
        """To be scanned by the app."""
        return qr_svg(url, gettext("QR code for your authenticator app"))

    def generate_authenticator_name(self, user: User, type: Any) -> str:  # noqa: A002 - allauth's signature
        """Of a passkey that nobody gave a name."""
        number = user.authenticator_set.filter(type=type).count() + 1  # type: ignore[attr-defined]
        return gettext("Passkey %(number)s") % {"number": number}

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Whom the passkey is for: this host, under the bank's name."""
        return {**super().get_public_key_credential_rp_entity(), "name": str(settings.BANK_NAME)}

    def _get_user_identifier(self, user: User) -> str:
        return user.username
