"""What an operator can do about parked events: see them, have them applied again, give one up for a reason."""

import io

import pytest
from django.core.management import CommandError, call_command

from ledger.projections import OnError
from ledger.sealing import seal_all
from tests.ledger.book import write
from tests.ledger.seen import positions_seen, seen_events
from tests.ledger.test_runner import failing_on, stumble_until_parked

pytestmark = pytest.mark.django_db(transaction=True)


def said(*arguments: str) -> str:
    out = io.StringIO()
    call_command("parked_events", *arguments, stdout=out)
    return out.getvalue()


def test_parked_events_are_listed_given_up_for_a_reason_and_applied() -> None:
    bad = write(count=4)
    seal_all()
    with seen_events(before=failing_on("event 2"), on_error=OnError.PARK) as projection:
        assert said("test_seen") == "nothing is parked\n"
        stumble_until_parked(projection)
        listed = said("test_seen").splitlines()
        assert [f"position {n}, stream {bad}" in line for n, line in enumerate(listed, 2)] == [True, True, True]
        assert listed[0].endswith("ValueError: cannot read event 2")

        with pytest.raises(CommandError, match=r"0 applied; 3 still wait: .*cannot read event 2"):
            said("test_seen", "--retry", str(bad))
        with pytest.raises(CommandError, match="say why"):
            said("test_seen", "--discard", "2", "--reason", " ")
        with pytest.raises(CommandError, match="no parked event at position 1"):
            said("test_seen", "--discard", "1", "--reason", "none such")

        assert said("test_seen", "--discard", "2", "--reason", "no event of ours").startswith("discarded position 2")
        assert said("test_seen", "--retry", str(bad)).startswith("2 applied")
        assert positions_seen() == [1, 3, 4]
        kept = said("test_seen", "--all").splitlines()
        assert kept[0].endswith("discarded by system:operator: no event of ours")
        assert said("test_seen") == "nothing is parked\n"


def test_what_is_to_be_done_needs_a_projection() -> None:
    with pytest.raises(CommandError, match="name the projection"):
        said("--discard", "1", "--reason", "which one?")
