"""Letters to people. A mail server that is away stops nothing: what a letter says is told in another way, or again."""

import logging

from django.core.mail import EmailMessage

logger = logging.getLogger(__name__)


def send(message: EmailMessage) -> None:
    """Send it, or say in the log that it did not go out; to whom and about what is nobody's business there."""
    try:
        message.send()
    except OSError as error:
        logger.error("a letter was not sent: %s", type(error).__name__)
