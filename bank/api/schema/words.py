"""The prose of the document: what the API is, what its parts are called, how one gets in."""

from typing import Any, Final

TITLE: Final = "Passbook"
VERSION: Final = "1"
DESCRIPTION: Final = """\
The bank's HTTP API: the same commands and the same rules as its pages. Bodies and answers are JSON.

- **Money** is `{"amount": "25.00", "currency": "EUR"}`: a string of ASCII digits, never a number.
- **Every POST needs an `Idempotency-Key`**. The same key with the same request gets the recorded answer again, for
  ever, refusals (409, 422) included, with `Idempotency-Replayed: true`. After a lost connection or a 503, send it
  again.
- **Errors** are `application/problem+json` (RFC 9457). Branch on `code`: it is stable. Each call lists all of its
  codes.
- **What a call does not list does not exist**: unknown fields and query parameters are 400. Paths that are none are 404
  `not_found`, methods that a path does not have 405 `method_not_allowed` with `Allow`. Should the bank itself be
  broken, the answer is 500 `internal_error`: repeat the request with the same key.
- **Lists** come in pages: hand `next_cursor` to the same list as `cursor`.
- **Scopes**: where a call lists several, one of them is enough. A scope never adds to what the user's roles allow, and
  what a user may not see is 404.
"""
BEARER: Final[dict[str, Any]] = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "A token of one user: `manage.py api_token USERNAME [--scope S ...] [--days N]` prints one. "
        "Scopes: `accounts:read`, `payments:write`, `cash:write`, `customers:write`, `audit:read`, `reports:read`, "
        "`operations:write`, `*` for all of them.",
    }
}
_TAGS: Final = {
    "me": ("Token", "Whom a token stands for."),
    "customers": ("Customers", "The people whose accounts these are."),
    "accounts": ("Accounts", "Accounts, what moves on them, and what staff do to them."),
    "transfers": ("Accounts", ""),
    "commands": ("Commands", "What became of what was sent."),
    "batches": ("Batches", "Many commands in one request."),
    "events": ("Book", "The sealed book of events, for auditors."),
    "streams": ("Book", ""),
    "ledger": ("Book", ""),
    "reports": ("Reports", "Figures over all customers; each says how far it has come."),
    "projections": ("Operations", "How the read models are doing, and steering them."),
    "webhook-endpoints": ("Webhooks", "Addresses to which the bank sends events."),
    "health": ("Health", "For load balancers: no token."),
}


def tag_of(path: str) -> str:
    """The part of the document to which a path belongs, by its first segment."""
    segment = path.removeprefix("/api/v1/").split("/")[0]
    return _TAGS[segment][0] if segment in _TAGS else _TAGS["health"][0]


def tags(document: dict[str, Any]) -> list[dict[str, str]]:
    """The tags that are used, in the order in which one reads about them."""
    used = {tag for methods in document["paths"].values() for op in methods.values() for tag in op["tags"]}
    return [{"name": name, "description": words} for name, words in _TAGS.values() if words and name in used]
