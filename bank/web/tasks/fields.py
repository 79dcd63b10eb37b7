"""Form fields that tasks share. They only take text in; what is valid is for the command to say."""

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from accounts.text import REFERENCE_LENGTH
from bank.web.amounts import AmountField

# A field takes more than is valid, so that the command says what is wrong in one place; and not without limit.
_TYPED_LENGTH = 1_000


def amount_field(label: StrOrPromise = "", help_text: StrOrPromise = "") -> forms.CharField:
    """An amount as text: no number field, which would change what was typed and step by scrolling."""
    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off", "class": "form-control"})
    errors = {"required": _("Enter an amount.")}
    return AmountField(
        label=label or _("Amount"), help_text=help_text, widget=widget, max_length=_TYPED_LENGTH, error_messages=errors
    )


def text_field(
    label: StrOrPromise,
    *,
    required: bool = True,
    help_text: StrOrPromise = "",
    missing: StrOrPromise = "",
    autocomplete: str = "off",
) -> forms.CharField:
    """One line of text."""
    widget = forms.TextInput(attrs={"autocomplete": autocomplete, "class": "form-control"})
    return forms.CharField(
        label=label,
        required=required,
        help_text=help_text,
        widget=widget,
        max_length=_TYPED_LENGTH,
        error_messages={"required": missing or _("Fill this in.")},
    )


def reference_field() -> forms.CharField:
    """What the movement is for, in the customer's words."""
    return text_field(
        _("Reference (optional)"),
        required=False,
        help_text=format_lazy(
            _("What it is for. It is shown with the movement. At most {most} characters."), most=REFERENCE_LENGTH
        ),
    )
