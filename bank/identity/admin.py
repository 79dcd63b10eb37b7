"""Users in the Django admin, for administrators: each change of what somebody may do goes on record."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from bank.access_records.recording import ADMIN, Look, record_looks
from bank.identity import recording
from bank.identity.models import User

_OF_POWER = ("roles", "customer_id", "is_active", "is_staff", "is_superuser")


@admin.register(User)
class PersonAdmin(UserAdmin[User]):
    """Django's own, with roles and the customer."""

    list_display = ("username", "email", "roles", "is_active", "is_staff")
    fieldsets = (*(UserAdmin.fieldsets or ()), (_("Bank"), {"fields": ("roles", "customer_id")}))

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> User | None:
        """The page of a customer's log-in shows an email address: a look at the customer."""
        person = super().get_object(request, object_id, from_field)
        if person is not None:
            _record(request, [person])
        return person

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """The list shows email addresses, too."""
        people = super().get_changelist_instance(request)
        _record(request, people.result_list)
        return people

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """The change and its event, or none of them: the event comes last, and undoes the change where it fails."""
        super().save_model(request, obj, form, change)
        assert isinstance(request.user, User)
        if not change or set(_OF_POWER) & set(form.changed_data):
            recording.roles_changed(request, obj, by=request.user)

    def log_change(self, request: HttpRequest, obj: User, message: Any) -> Any:
        """Django changes passwords past `save_model`, and tells only here."""
        if request.path.endswith("/password/"):
            recording.password_set(request, obj, "admin")
        return super().log_change(request, obj, message)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:  # noqa: ARG002 - Django's
        """People are switched off: what they did goes on bearing their number."""
        return False


def _record(request: HttpRequest, people: Iterable[User]) -> None:
    assert isinstance(request.user, User)
    customers = [person.customer_id for person in people if person.customer_id is not None]
    record_looks(request, request.user, [Look(customer_id) for customer_id in customers], ADMIN)
