"""The sealed book (live): every event in book order, for auditors and for those who follow the feed."""

from ledger.projections import LiveProjection
from ledger.reading import EntryOfBook, find_event, head_position
from ledger.reading import read_book as page
from ledger.reading import read_entry as find

PROJECTION = LiveProjection(name="events", description="Every sealed event in book order, with its hash.")

__all__ = ["PROJECTION", "EntryOfBook", "find", "find_event", "head_position", "page"]
