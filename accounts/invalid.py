"""Input that cannot become a command: told apart from a refusal, because it is never recorded."""

from typing import Any


class InvalidCommand(ValueError):
    """A field that no state of the bank could accept; the doors answer with it marked (HTTP 400 or a form error).

    `field` names the command's field, `code` is stable and snake_case, `message` is for people: `template` with `facts`
    in the places that it names by braces. A door that speaks other languages has the template in those.
    """

    def __init__(self, field: str, code: str, template: str, **facts: Any) -> None:
        self.field = field
        self.code = code
        self.template = template
        self.facts = facts
        self.message = template.format(**facts) if facts else template
        super().__init__(f"{field}: {self.message}")
