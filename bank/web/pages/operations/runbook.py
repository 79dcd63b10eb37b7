"""The runbook: each alarm, what it means, what to do; as the file of the repository says it, in English."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from bank.identity import policy
from bank.ops import places
from bank.web.access import SignedInRequest, allowed, signed_in

RUNBOOK: Final = Path(places.REPOSITORY) / "docs" / "operations" / "runbook.md"

_ITEM: Final = re.compile(r"\d+\. ")
# What stands in a line besides words: `code`, [words](address).
_PIECE: Final = re.compile(r"`(?P<code>[^`]+)`|\[(?P<words>[^\]]+)\]\((?P<address>[^)]+)\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A heading with the anchor that alarms link to, a paragraph, or the items of a list."""

    kind: Literal["heading", "paragraph", "list"]
    lines: tuple[SafeString, ...]
    anchor: str = ""


@allowed(policy.may_operate)
@signed_in
def runbook_page(request: SignedInRequest) -> HttpResponse:
    """All of it on one page, with its alarms to jump to."""
    blocks = list(blocks_of(RUNBOOK.read_text(encoding="utf-8"))) if RUNBOOK.exists() else []
    return render(request, "web/operations/runbook.html", {"blocks": blocks})


def blocks_of(text: str) -> Iterator[Block]:
    """The blocks of as much Markdown as the runbook uses; its title is the page's own."""
    for piece in re.split(r"\n{2,}", text.strip()):
        if piece.startswith("# "):
            continue
        if piece.startswith("## "):
            title = piece.removeprefix("## ").strip()
            yield Block(kind="heading", lines=(_line(title),), anchor=title.lower())
        elif _ITEM.match(piece):
            items = re.split(r"\n(?=\d+\. )", piece)
            yield Block(kind="list", lines=tuple(_line(_ITEM.sub("", item, count=1)) for item in items))
        else:
            yield Block(kind="paragraph", lines=(_line(piece),))


def _line(text: str) -> SafeString:
    return format_html_join("", "{}", ((piece,) for piece in _pieces(" ".join(text.split()))))


def _pieces(text: str) -> Iterator[str]:
    end = 0
    for found in _PIECE.finditer(text):
        yield text[end : found.start()]
        end = found.end()
        if found["code"]:
            yield format_html("<code>{}</code>", found["code"])
        elif found["address"].startswith("#"):
            yield format_html('<a href="{}">{}</a>', found["address"], found["words"])
        else:  # a file beside it, which is no page here
            yield found["words"]
    yield text[end:]
