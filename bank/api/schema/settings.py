"""The settings of drf-spectacular."""

from typing import Any, Final

from bank.api.schema.words import DESCRIPTION, TITLE, VERSION

SPECTACULAR_SETTINGS: Final[dict[str, Any]] = {
    "OAS_VERSION": "3.1.1",
    "TITLE": TITLE,
    "VERSION": VERSION,
    "DESCRIPTION": DESCRIPTION,
    "DEFAULT_GENERATOR_CLASS": "bank.api.schema.document.ContractGenerator",
    "POSTPROCESSING_HOOKS": [],
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": [],
    "LICENSE": {"name": "MIT"},
}
