"""How many requests a token may make, and the headers that say so (draft-ietf-httpapi-ratelimit-headers-10)."""

from typing import Final

from django.conf import settings

from bank.api.problems import status_problem
from bank.identity.rate_limits import rate_limit

_POLICY: Final = '"token"'


def count(token_id: int) -> dict[str, str]:
    """Count a request of this token; the headers for its answer. Raises Problem (429)."""
    limit = rate_limit("api", settings.API_RATE_LIMIT)
    taken = limit.take(str(token_id))
    if taken is None:
        return {}
    headers = {
        "RateLimit-Policy": f"{_POLICY};q={limit.quota};w={limit.window_seconds}",
        "RateLimit": f"{_POLICY};r={taken.remaining};t={taken.reset_seconds}",
    }
    if not taken.allowed:
        raise status_problem(429, {**headers, "Retry-After": str(taken.reset_seconds)})
    return headers
