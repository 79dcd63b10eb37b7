"""A browser without scripts: opens pages, reads their forms and sends them with what they hold."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any, Self
from urllib.parse import urljoin, urlsplit

from django.http import HttpResponse
from django.test import Client

from bank.identity.models import User

_VOID = {"area", "br", "hr", "img", "input", "link", "meta", "use", "path", "line", "rect"}


@dataclass(slots=True)
class PageForm:
    """A form as the page holds it."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[str] = field(default_factory=list)


class Page(HTMLParser):
    """An answer, read: its text, links and forms."""

    def __init__(self, response: Any, url: str) -> None:
        super().__init__()
        self.response, self.url, self.status = response, url, response.status_code
        self.html = b"".join(response).decode() if response.streaming else response.content.decode()
        self.forms: list[PageForm] = []
        self.links: dict[str, str] = {}
        self._words: list[str] = []
        self._link: tuple[str, list[str]] | None = None
        self._select: str | None = None
        self._button: list[str] | None = None
        self._silent = 0
        self.feed(self.html)
        self.text = re.sub(r"\s+", " ", " ".join(self._words)).strip()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in {"script", "style", "title"}:
            self._silent += 1
        if tag == "form":
            self.forms.append(PageForm(given.get("action", ""), given.get("method", "get")))
        elif tag == "a":
            self._link = (given.get("href", ""), [])
        elif tag == "button":
            self._button = []
        elif self.forms and given.get("name"):
            self._read_field(tag, given)
        elif tag == "option" and self._select and "selected" in given:
            self.forms[-1].fields[self._select] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag in {"script", "style", "title"}:
            self._silent -= 1
        if tag == "a" and self._link:
            self.links[_squeeze(self._link[1])] = self._link[0]
            self._link = None
        elif tag == "button" and self._button is not None:
            if self.forms:
                self.forms[-1].buttons.append(_squeeze(self._button))
            self._button = None
        elif tag == "select":
            self._select = None

    def handle_data(self, data: str) -> None:
        if self._silent:
            return
        self._words.append(data)
        if self._link:
            self._link[1].append(data)
        if self._button is not None:
            self._button.append(data)

    def form(self, button: str) -> PageForm:
        """The form with this button."""
        return next(form for form in self.forms if button in form.buttons)

    def link(self, words: str) -> str:
        """Where the link with these words leads."""
        return self.links[words]

    def _read_field(self, tag: str, given: dict[str, str]) -> None:
        fields = self.forms[-1].fields
        if tag == "select":
            self._select = given["name"]
            fields.setdefault(given["name"], "")
        elif tag == "input" and given.get("type") in {"radio", "checkbox"}:
            if "checked" in given:
                fields[given["name"]] = given.get("value", "on")
        elif tag in {"input", "textarea"}:
            fields[given["name"]] = given.get("value", "")


@dataclass(slots=True)
class Browser:
    """Somebody at a page."""

    client: Client = field(default_factory=lambda: Client(raise_request_exception=False))

    @classmethod
    def signed_in(cls, user: User) -> Self:
        """A browser with a session."""
        browser = cls()
        browser.client.force_login(user)
        return browser

    def open(self, url: str, **headers: str) -> Page:
        """GET; redirects are not followed."""
        return Page(self.client.get(url, headers=headers), url)

    def send(self, page: Page, button: str, **changes: str) -> Page:
        """Press the button: the form goes out as the page holds it, with `changes`."""
        form = page.form(button)
        return self.post(urljoin(page.url, form.action or urlsplit(page.url).path), form.fields | changes)

    def post(self, url: str, fields: dict[str, str]) -> Page:
        """POST; redirects are not followed."""
        return Page(self.client.post(url, fields), url)

    def follow(self, page: Page) -> Page:
        """Go where a redirect leads."""
        assert page.status in {302, 303}, page.status
        return self.open(page.response.headers["Location"])

    def do(self, url: str, confirm: str, **values: str) -> Page:
        """A whole task: fill the form, check, confirm; the receipt."""
        check = self.follow(self.send(self.open(url), "Continue", **values))
        return self.follow(self.send(check, confirm))


def _squeeze(words: list[str]) -> str:
    return re.sub(r"\s+", " ", "".join(words)).strip()


def location(page: Page) -> str:
    """Where the answer leads."""
    response: HttpResponse = page.response
    return str(response.headers["Location"])
