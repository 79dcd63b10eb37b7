"""Two languages, each whole: no string that people read is without its mark, its Czech, its place in the catalogue."""

import io
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from django.template.base import Lexer, TokenType

from accounts.refusals import REFUSALS, Refused
from bank.web.reasons import REASON_WORDS
from bank.web.words import EVENT_WORDS, REFUSAL_WORDS, STEERING_WORDS, of_refusal
from ledger.codec import event_types
from tools import messages

_VALUE = "\ue000"  # stands for whatever a template puts in
_LETTERS = re.compile(r"[^\W\d_]{2,}")
_READ_ATTRIBUTES = {"alt", "aria-label", "aria-description", "aria-roledescription", "placeholder", "title", "summary"}
_UNREAD_ELEMENTS = {"script", "style", "code"}
# The same in every language (as what stands in `code` is), or read by nobody.
_SAME_EVERYWHERE = {"ms", "UTC"}
_PLACES = re.compile(r"%\(\w+\)s|%s|\{\w*\}")
_MARKUP = re.compile(r"</?\w+>")


class Unmarked(HTMLParser):
    """What a template shows to people outside of its translation tags."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._unread = 0
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._unread += tag in _UNREAD_ELEMENTS
        given = dict(attrs)
        for name, value in attrs:
            is_button = tag == "input" and name == "value" and given.get("type") in {"submit", "button", "reset"}
            if name in _READ_ATTRIBUTES or is_button:
                self._note(value or "")

    def handle_endtag(self, tag: str) -> None:
        self._unread -= tag in _UNREAD_ELEMENTS

    def handle_data(self, data: str) -> None:
        if not self._unread:
            self._note(data)

    def _note(self, text: str) -> None:
        self.found += [word for word in _LETTERS.findall(text) if word not in _SAME_EVERYWHERE]


def unmarked(source: str) -> list[str]:
    """The words of a template that no translation tag holds: in its text, its attributes and its tags' strings."""
    plain, strings, inside = "", [], False
    for token in Lexer(source).tokenize():
        words = token.contents.split() if token.token_type is TokenType.BLOCK else [""]
        if words[0] in {"blocktranslate", "blocktrans"}:
            inside, plain = True, plain + _VALUE
        elif words[0] in {"endblocktranslate", "endblocktrans"}:
            inside = False
        elif inside or token.token_type is TokenType.COMMENT:
            continue
        elif token.token_type is TokenType.TEXT:
            plain += token.contents
        else:
            plain += _VALUE if token.token_type is TokenType.VAR or words[0] in {"translate", "trans"} else " "
            strings += _strings_of(token.contents, words[0])
    return Unmarked(plain).found + strings


def _strings_of(contents: str, tag: str) -> list[str]:
    """Words that a tag or a filter passes on to be shown: those that begin as a sentence does, or have a space."""
    if tag in {"translate", "trans"}:
        return []
    without_marked = re.sub(r"""_\((?:"[^"]*"|'[^']*')\)""", "", contents)
    shown = re.findall(r"""(?:default|default_if_none|yesno|pluralize|add):"([^"]*)\"""", without_marked)
    if tag == "include":
        shown += re.findall(r"""\w+="([^"]*)\"""", re.sub(r"""\w+:"[^"]*\"""", "", without_marked))
    return [text for text in shown if re.match(r"[A-Z][a-z]|.*[a-z] [a-z]", text)]


@pytest.fixture(scope="module")
def wanted() -> Catalog:
    return messages.collected()


def catalogue(language: str, ending: str) -> Catalog:
    content = io.BytesIO(messages.place_of(language, ending).read_bytes())
    return read_po(content, locale=language) if ending == "po" else read_mo(content)


def told(catalog: Catalog) -> dict[tuple[object, object], object]:
    return {(_text(m.context), _hashable(m.id)): _hashable(m.string) for m in catalog if m.id}


@pytest.mark.parametrize("path", messages.templates(), ids=lambda path: path.relative_to(messages.ROOT).as_posix())
def test_a_template_has_no_words_outside_of_its_translation_tags(path: Path) -> None:
    assert unmarked(path.read_text()) == []


@pytest.mark.parametrize("name", ["passbook.js", "passkeys.js"])
def test_a_script_brings_no_words_of_its_own(name: str) -> None:
    """What it says it takes from the page, which speaks the person's language."""
    code = re.sub(r"/\*.*?\*/|//[^\n]*", "", (messages.ROOT / "static" / "js" / name).read_text(), flags=re.DOTALL)
    assert re.findall(r"""["'`][A-Z][a-z]+ [a-z][^"'`]*["'`]""", code) == []


@pytest.mark.parametrize(
    "forgotten",
    [
        "<p>Hello</p>",
        '<p title="Hello"></p>',
        '<nav aria-label="Main"></nav>',
        '<input placeholder="Hello">',
        '<input type="submit" value="Hello">',
        "{% if a %}Hello{% endif %}",
        '{{ a|default:"Nothing" }}',
        '{% include "a.html" with words="Nothing here" %}',
        '{% translate "Hello" %} world',
        "<b>{{ n }} days</b>",
    ],
)
def test_a_forgotten_word_is_found(forgotten: str) -> None:
    assert unmarked(forgotten)


@pytest.mark.parametrize(
    "fine",
    [
        '<p class="sub">{% translate "Hello" %} {{ name }}</p>',
        "<p>{% blocktranslate %}Hello, {{ name }}{% endblocktranslate %}</p>",
        '<nav aria-label="{% translate "Main" %}"></nav>',
        '{% include "a.html" with words=_("Nothing here") kind="warn" only %}',
        "{# a comment #}<script>let a = 1;</script>",
    ],
)
def test_what_is_marked_is_not_found(fine: str) -> None:
    assert unmarked(fine) == []


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_each_string_has_its_translation(language: str, wanted: Catalog) -> None:
    known = catalogue(language, "po")
    missing, fuzzy = [], []
    for message in wanted:
        if message.id:
            first = message.id if isinstance(message.id, str) else message.id[0]
            found = known.get(first, message.context)
            if found is None or found.id != message.id or not all(_strings_in(found)):
                missing.append(message.id)
            elif found.fuzzy:
                fuzzy.append(message.id)
    assert missing == [], "run `make messages`, and translate what it lists"
    assert fuzzy == []


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_a_catalogue_has_nothing_that_nobody_says(language: str, wanted: Catalog) -> None:
    assert sorted(map(str, told(catalogue(language, "po")).keys() - told(wanted).keys())) == []


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_the_compiled_catalogue_is_that_of_the_words(language: str) -> None:
    assert told(catalogue(language, "mo")) == told(catalogue(language, "po")), "run `make messages`"


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_a_translation_keeps_places_and_markup(language: str) -> None:
    wrong = []
    for message in catalogue(language, "po"):
        ids = [message.id] if isinstance(message.id, str) else list(message.id)
        for string in _strings_in(message) if message.id else []:
            # A plural's translation may name the number or not, as the language likes; a singular's the plural's.
            least, most = set(_PLACES.findall(ids[0])), set().union(*(_PLACES.findall(one) for one in ids))
            places = set(_PLACES.findall(string))
            if not (least <= places <= most) or sorted(_MARKUP.findall(string)) != sorted(_MARKUP.findall(ids[0])):
                wrong.append((message.id, string))
    assert wrong == []


def test_czech_has_its_three_plurals_and_its_own_marks() -> None:
    czech = catalogue("cs", "po")
    assert czech.num_plurals == 3
    texts = [string for message in czech if message.id for string in _strings_in(message)]
    assert [text for text in texts if re.search(r'[“”]\w|"', text.replace("“", "", text.count("„")))] == []
    # A line does not end with a preposition of one letter.
    assert [text for text in texts if re.search(r"(?<!\w)[vkszouVKSZOU] \w", text)] == []


def test_each_refusal_and_event_has_words_on_pages() -> None:
    assert REFUSAL_WORDS.keys() == REFUSALS.keys()
    assert REASON_WORDS.keys() == REFUSALS.keys() | STEERING_WORDS.keys()
    assert EVENT_WORDS.keys() == {kind.name for kind in event_types()}


@pytest.mark.parametrize("kind", REFUSALS.values(), ids=lambda kind: kind.code)
def test_pages_say_of_a_refusal_what_the_domain_says(kind: type[Refused]) -> None:
    amounts = {"available_minor": 5_00, "limit_minor": 5_00, "balance_minor": -5_00, "currency": "EUR"}
    facts = {"limit": 7} if kind.code == "too_many_payees" else {**amounts, "account_currency": "CZK"}
    refusal = kind(**facts)
    assert of_refusal(refusal) == str(refusal)


def _text(context: object) -> object:
    """Babel reads contexts of a compiled catalogue as bytes."""
    return context.decode() if isinstance(context, bytes) else context


def _hashable(texts: object) -> object:
    return tuple(texts) if isinstance(texts, list) else texts


def _strings_in(message: Message) -> list[str]:
    return [message.string] if isinstance(message.string, str) else list(message.string or [""])
