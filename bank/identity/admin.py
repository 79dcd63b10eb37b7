"""Users in the Django admin, for administrators."""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin

from bank.identity.models import User


@admin.register(User)
class PersonAdmin(UserAdmin[User]):
    """Django's own, with roles and the customer."""

    list_display = ("username", "email", "roles", "is_active", "is_staff")
    fieldsets = (*(UserAdmin.fieldsets or ()), ("Bank", {"fields": ("roles", "customer_id")}))
