"""Arguments that several commands take."""

import argparse
from contextlib import suppress
from pathlib import Path

from ledger.keys import InvalidKey, key_id


def key_of(text: str) -> str:
    """A public key in base64, or a file that holds one."""
    with suppress(OSError):
        text = Path(text).read_text()
    try:
        return key_id(text)
    except InvalidKey as error:
        raise argparse.ArgumentTypeError(f"neither a public key nor a file that holds one: {error}") from error
