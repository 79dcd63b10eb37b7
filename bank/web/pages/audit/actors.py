"""Actors as people read them: the record has "user:7", people know user names."""

import re
from collections.abc import Iterable
from typing import Final

from django.core.exceptions import ValidationError
from django.utils.translation import gettext

from bank.identity.models import User

OF_USERS: Final = "user:"
_USER: Final = re.compile(r"user:([0-9]{1,18})")
_NO_PERSON: Final = frozenset({"anonymous"})


def user_number(actor: str) -> int | None:
    """The number of the log-in that the actor is; None for jobs, operators and who is not known."""
    found = _USER.fullmatch(actor)
    return int(found[1]) if found else None


def usernames(actors: Iterable[str]) -> dict[str, str]:
    """The user names of those actors that are people, in one statement."""
    numbers = {number: actor for actor in actors if (number := user_number(actor)) is not None}
    people = User.objects.filter(pk__in=numbers).values_list("pk", "username") if numbers else ()
    return {numbers[pk]: username for pk, username in people}


def read_actor(text: str) -> str:
    """The actor that somebody typed: as the record has it, or a user name. Raises ValidationError."""
    if not text or ":" in text or text in _NO_PERSON:
        return text
    person = User.objects.filter(username=text).only("pk").first()
    if person is None:
        raise ValidationError(gettext("Who asked: nobody has this user name."))
    return f"{OF_USERS}{person.pk}"
