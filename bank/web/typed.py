"""What somebody had typed into a task's form that could not be taken, as the session was over: on its way back there.

Like a draft it travels in an address, encrypted. Nobody is signed in yet whom it could be sealed for; but it holds the
form's ticket, which is signed for the person whose form it was, so that nobody else can be led to a filled-in form.
"""

import base64
import json
from typing import Final
from urllib.parse import urlencode

from cryptography.fernet import Fernet, InvalidToken
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from bank.identity.models import User
from bank.web.drafts import MAX_AGE_SECONDS, DraftNotValid, Ticket, read_ticket

# What is far longer than a task's fields was not typed into them; and an address has to hold it.
MAX_LENGTH: Final = 4_000
_FIELDS_OF_THE_FORM_ITSELF: Final = {"csrfmiddlewaretoken"}


def page_again(request: HttpRequest) -> str:
    """The page from which this was sent, as it was filled in; empty where it was no page of a task."""
    if "draft" in request.POST:
        return request.get_full_path()  # a check page's address holds the draft
    typed = keep_typed(request)
    return f"{request.path}?{urlencode({'typed': typed})}" if typed else ""


def keep_typed(request: HttpRequest) -> str:
    """The fields of a task's form as a token for an address; empty where there is nothing to keep."""
    if request.method != "POST" or "ticket" not in request.POST:
        return ""
    lists = request.POST.lists()
    fields = {name: ",".join(map(str, values)) for name, values in lists if name not in _FIELDS_OF_THE_FORM_ITSELF}
    token = Fernet(_key()).encrypt(json.dumps(fields).encode()).decode()
    return token if len(token) <= MAX_LENGTH else ""


def load_typed(token: str, user: User, *, subject: str) -> tuple[Ticket, dict[str, str]]:
    """The form's ticket and what was typed. Raises DraftNotValid."""
    try:
        fields: dict[str, str] = json.loads(Fernet(_key()).decrypt(token.encode("ascii"), ttl=MAX_AGE_SECONDS))
    except (InvalidToken, UnicodeEncodeError):
        raise DraftNotValid from None
    return read_ticket(fields.pop("ticket"), user, subject=subject), fields


def _key() -> bytes:
    """From the secret key."""
    return base64.urlsafe_b64encode(salted_hmac("bank.web.typed", "", algorithm="sha256").digest())
