"""The control account: all balances summed up, and what the general ledger has, at the same position of the book.

Balances are written with their events, the general ledger by a worker, later. One snapshot of the database sees both:
every committed event is in its balances, and every event is either in the general ledger, which says up to where it has
read, or behind that position, sealed or not. The postings of those behind are added; then both must be equal to the
cent. Nobody is held up: commands and workers go on meanwhile.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from accounts.postings import CONTROL, AccountClass, postings
from bank.reconciliation.breaks import Check, Difference
from ledger import checkpoints
from ledger.connections import Cursor, transaction
from ledger.reading import head_position_of, read_sealed, read_unsealed
from ledger.records import RecordedEvent
from readmodels.general_ledger import PROJECTION

# How many events behind the general ledger are added up at most: a second or two of work.
TAIL_AT_MOST: Final = 50_000
_PAGE: Final = 10_000
# A rebuild that switches puts another table in the place of one of these, which a snapshot taken before would see
# half empty: the locks, which hold up no reader and no writer, come before the snapshot.
_LOCK: Final = "lock table readmodels_account, readmodels_general_ledger in access share mode"
_BALANCES: Final = "select currency, sum(balance_minor)::numeric from readmodels_account group by currency"
_LEDGER: Final = """
select account_class, currency, sum(debit_minor)::numeric, sum(credit_minor)::numeric
from readmodels_general_ledger group by account_class, currency
"""

Sides = dict[tuple[AccountClass, str], list[int]]  # class and currency: debits, credits


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """What was compared, of one currency, in minor units. `control_minor`: customer deposits, credits less debits."""

    currency: str
    balances_minor: int
    control_minor: int
    in_transit_minor: int
    debits_minor: int
    credits_minor: int


class Control(msgspec.Struct, frozen=True, kw_only=True):
    """`position` of `head` events are in the general ledger. `figures`: None where too many are not."""

    position: int
    head: int
    figures: list[Figures] | None

    def differences(self) -> list[Difference]:
        """What is not equal."""
        return [d for figures in self.figures or () for d in _differences(figures)]


def compare_control_account() -> Control:
    """Both sides, by currency, in one snapshot. Only reads."""
    with transaction() as cur:
        cur.execute("set transaction isolation level repeatable read, read only")
        cur.execute(_LOCK)
        position = min((shard.position for shard in checkpoints.read(cur, PROJECTION.name)), default=0)
        sealed = head_position_of(cur)
        unsealed = read_unsealed(cur)
        head = sealed + len(unsealed)
        if sealed - position > TAIL_AT_MOST:
            return Control(position=position, head=head, figures=None)
        cur.execute(_LEDGER)
        sides: Sides = defaultdict(lambda: [0, 0])
        for account_class, currency, debit_minor, credit_minor in cur.fetchall():
            sides[AccountClass(account_class), currency] = [int(debit_minor), int(credit_minor)]
        _post(sides, _sealed_between(cur, position, sealed))
        _post(sides, unsealed)
        cur.execute(_BALANCES)
        balances = {currency: int(total) for currency, total in cur.fetchall()}
    return Control(position=position, head=head, figures=_figures(balances, sides))


def _sealed_between(cur: Cursor, after: int, to: int) -> Iterator[RecordedEvent]:
    for start in range(after, to, _PAGE):
        yield from read_sealed(cur, after=start, to=min(start + _PAGE, to), types=PROJECTION.types)


def _post(sides: Sides, events: Iterable[RecordedEvent]) -> None:
    for event in events:
        for line in postings(event.data):
            total = sides[line.account_class, line.currency]
            total[0] += line.debit_minor
            total[1] += line.credit_minor


def _figures(balances: dict[str, int], sides: Sides) -> list[Figures]:
    found = []
    for currency in sorted({*balances, *(currency for _, currency in sides)}):
        of_currency = {account: total for (account, code), total in sides.items() if code == currency}
        debit, credit = of_currency.get(CONTROL, (0, 0))
        sent, received = of_currency.get(AccountClass.TRANSFERS_IN_TRANSIT, (0, 0))
        found.append(
            Figures(
                currency=currency,
                balances_minor=balances.get(currency, 0),
                control_minor=credit - debit,
                in_transit_minor=received - sent,
                debits_minor=sum(total[0] for total in of_currency.values()),
                credits_minor=sum(total[1] for total in of_currency.values()),
            )
        )
    return found


def _differences(figures: Figures) -> Iterator[Difference]:
    for check, field, expected, found in (
        (Check.CONTROL, "balance_minor", figures.control_minor, figures.balances_minor),
        (Check.TRANSIT, "balance_minor", 0, figures.in_transit_minor),
        (Check.TRIAL, "credits_minor", figures.debits_minor, figures.credits_minor),
    ):
        if expected != found:
            yield Difference(
                check=check, subject=figures.currency, field=field, expected=str(expected), found=str(found)
            )
