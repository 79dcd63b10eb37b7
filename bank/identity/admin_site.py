"""Django's admin behind the bank's one door, second factor included."""

from django.conf import settings
from django.contrib.admin import AdminSite
from django.http import HttpRequest
from typing_extensions import override

from bank.identity import policy


class BankAdminSite(AdminSite):
    """Closed to staff who lack the second factor that the bank requires of them."""

    # As the pages of the bank are called, not as the framework is.
    site_header = site_title = settings.BANK_NAME

    @override
    def has_permission(self, request: HttpRequest) -> bool:
        return super().has_permission(request) and policy.may_enter_admin(request.user)
