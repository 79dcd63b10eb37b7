"""Django's entry for its admin, with the bank's own site in it."""

from django.contrib.admin.apps import AdminConfig


class BankAdminConfig(AdminConfig):
    """Loaded before models can be, so it names the site only."""

    default_site = "bank.identity.admin_site.BankAdminSite"
