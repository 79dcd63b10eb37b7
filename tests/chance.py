"""Chance that can be repeated: random tests print their seed; PASSBOOK_TEST_SEED runs them again with that one."""

import os
import random
from collections.abc import Callable


def a_seed() -> int:
    """The seed of this test run; printed, so that pytest shows it with a failure."""
    seed = int(os.environ.get("PASSBOOK_TEST_SEED") or random.SystemRandom().randrange(10**9))
    print(f"PASSBOOK_TEST_SEED={seed}")  # noqa: T201 - this is how a person learns of it
    return seed


def chances(seed: int) -> Callable[[object], random.Random]:
    """For each name a generator of its own, so that threads do not share one."""
    return lambda name: random.Random(f"{seed} {name}")  # noqa: S311 - repeatable on purpose
