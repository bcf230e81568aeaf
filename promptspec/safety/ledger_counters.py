"""Counters in the ledger, shared by all processes that write it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from promptspec.errors import LedgerUnavailable
from promptspec.ledger.opening import LEDGER, is_installed, ledger_of
from promptspec.safety.counters import COUNTERS, Taken, Use

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from promptspec.ledger.opening import Ledger

_NO_LEDGER: Final = (
    f"limits across calls are counted in the ledger, and none is named: set `{LEDGER}`, "
    f"or `{COUNTERS}` to the address of a Redis"
)


class LedgerCounters:
    """Counters in the ledger called *named*, which is opened when it is first asked.

    A ledger on a server goes by the server's clock, unless it has *own_clock* false, for tests.
    """

    def __init__(self, named: str, *, own_clock: bool = True) -> None:
        if not named:
            raise LedgerUnavailable(_NO_LEDGER)
        if not is_installed():
            raise LedgerUnavailable("counting in the ledger needs SQLAlchemy and Alembic: install `promptspec[ledger]`")
        self._environment = {LEDGER: named}
        self._own_clock = own_clock

    @property
    def is_near(self) -> bool:
        """It is a file, or a server."""
        return False

    def full(self, uses: Sequence[Use], at: int) -> int | None:
        """Return the first of *uses* that has no room."""
        with self._ledger().reading() as connection:
            return _full(connection, uses, self._moment(connection, at))

    def take(self, uses: Sequence[Use], at: int) -> Taken | int:
        """Count all of *uses*, or none: nobody else writes meanwhile."""
        from sqlalchemy import delete

        from promptspec.ledger.tables import COUNTERS as ROWS

        with self._ledger().writing() as connection:
            at = self._moment(connection, at)
            place = _full(connection, uses, at)
            if place is not None:
                return place
            connection.execute(delete(ROWS).where(ROWS.c.until <= at))
            for use in uses:
                _add(connection, use, at)
            return Taken(tuple(uses), at)

    def correct(self, taken: Taken, amounts: Sequence[int]) -> None:
        """Put *amounts* in the place of what was taken."""
        from sqlalchemy import update

        from promptspec.ledger.tables import COUNTERS as ROWS

        with self._ledger().writing() as connection:
            for use, amount in zip(taken.uses, amounts, strict=True):
                row = (ROWS.c.name == use.name) & (ROWS.c.slot == use.slot(taken.at))
                connection.execute(update(ROWS).where(row).values(used=ROWS.c.used + (amount - use.amount)))

    def _ledger(self) -> Ledger:
        return ledger_of(self._environment)

    def _moment(self, connection: Connection, at: int) -> int:
        """Return the moment by the clock of the database's server; a file has none, and all its processes one host."""
        if not self._own_clock or connection.dialect.name == "sqlite":
            return at
        said = connection.exec_driver_sql("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint").scalar()
        return int(str(said))


def _full(connection: Connection, uses: Sequence[Use], at: int) -> int | None:
    from sqlalchemy import func, select

    from promptspec.ledger.tables import COUNTERS as ROWS

    for place, use in enumerate(uses):
        counted = select(func.coalesce(func.sum(ROWS.c.used), 0)).where(
            ROWS.c.name == use.name, ROWS.c.slot >= use.first(at)
        )
        if int(connection.execute(counted).scalar_one()) + use.amount > use.most:
            return place
    return None


def _add(connection: Connection, use: Use, at: int) -> None:
    from sqlalchemy import insert, update

    from promptspec.ledger.tables import COUNTERS as ROWS

    slot = use.slot(at)
    row = (ROWS.c.name == use.name) & (ROWS.c.slot == slot)
    if not connection.execute(update(ROWS).where(row).values(used=ROWS.c.used + use.amount)).rowcount:
        values = {"name": use.name, "slot": slot, "used": use.amount, "until": use.over(at)}
        connection.execute(insert(ROWS).values(values))
