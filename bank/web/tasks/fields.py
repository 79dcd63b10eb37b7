"""Form fields that tasks share. They only take text in; what is valid is for the command to say."""

from django import forms

from accounts.text import REFERENCE_LENGTH

# A field takes more than is valid, so that the command says what is wrong in one place; and not without limit.
_TYPED_LENGTH = 1_000


def amount_field(label: str = "Amount", help_text: str = "") -> forms.CharField:
    """An amount as text: no number field, which would change what was typed and step by scrolling."""
    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off", "class": "form-control"})
    errors = {"required": "Enter an amount."}
    return forms.CharField(
        label=label, help_text=help_text, widget=widget, max_length=_TYPED_LENGTH, error_messages=errors
    )


def text_field(
    label: str, *, required: bool = True, help_text: str = "", missing: str = "", autocomplete: str = "off"
) -> forms.CharField:
    """One line of text."""
    widget = forms.TextInput(attrs={"autocomplete": autocomplete, "class": "form-control"})
    return forms.CharField(
        label=label,
        required=required,
        help_text=help_text,
        widget=widget,
        max_length=_TYPED_LENGTH,
        error_messages={"required": missing or f"Enter the {label.lower()}."},
    )


def reference_field() -> forms.CharField:
    """What the movement is for, in the customer's words."""
    return text_field(
        "Reference (optional)",
        required=False,
        help_text=f"What it is for. It is shown with the movement. At most {REFERENCE_LENGTH} characters.",
    )
