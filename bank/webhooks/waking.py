"""From the projection to the senders: whoever has something due is sent on the way, at once."""

from django.utils import timezone

from bank.ops.wakeups import ask_for
from bank.webhooks import deliveries


def send_due() -> None:
    """Ask for a turn of every endpoint for which something is due; beat asks, too, as the net."""
    for endpoint_id in deliveries.endpoints_with_work(timezone.now()):
        ask_for("webhooks.deliver", endpoint_id=str(endpoint_id))
