"""The sign-in form."""

from django import forms


class SignInForm(forms.Form):
    """Name and password, as typed. Which of the two is wrong is never said."""

    username = forms.CharField(
        label="User name",
        max_length=150,
        error_messages={"required": "Enter your user name."},
        widget=forms.TextInput(
            attrs={"class": "form-control", "autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )
    password = forms.CharField(
        label="Password",
        max_length=1_000,
        strip=False,
        error_messages={"required": "Enter your password."},
        widget=forms.PasswordInput(attrs={"class": "form-control", "autocomplete": "current-password"}),
    )
