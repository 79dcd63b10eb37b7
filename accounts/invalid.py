"""Input that cannot become a command: told apart from a refusal, because it is never recorded."""


class InvalidCommand(ValueError):
    """A field that no state of the bank could accept; the doors answer with it marked (HTTP 400 or a form error).

    `field` names the command's field, `code` is stable and snake_case, `message` is for people.
    """

    def __init__(self, field: str, code: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.code = code
        self.message = message
