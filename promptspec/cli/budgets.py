"""What a run may spend, as the command line says it."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Final

from promptspec.cli.ending import USAGE, Stop

if TYPE_CHECKING:
    from promptspec.live.budget import Limits

_MOST_SHOWN: Final = 64
_MOST_DOLLARS: Final = 1_000_000


def read_limits(
    calls: int,
    tokens: int | None,
    time: str | None,
    spend: str | None,
    *,
    price_in: str | None,
    price_out: str | None,
) -> Limits:
    """Return the bounds of a run. Stops for a duration or an amount that is none, and for `--spend` without prices."""
    from promptspec.live.budget import Limits, read_duration

    seconds = None if time is None else read_duration(time)
    if time is not None and not seconds:
        raise Stop(
            USAGE, f"`{time[:_MOST_SHOWN]}` is no duration", help="durations are `500ms`, `20s`, `10m`, `4h` and `7d`"
        )
    if spend is not None and (price_in is None or price_out is None):
        raise Stop(USAGE, "`--spend` needs prices", help="give `--price-in` and `--price-out`, each a million tokens")
    return Limits(
        calls=calls,
        tokens=tokens,
        seconds=seconds,
        spend=_dollars("--spend", spend),
        price_in=_dollars("--price-in", price_in),
        price_out=_dollars("--price-out", price_out),
    )


def _dollars(option: str, text: str | None) -> Decimal | None:
    if text is None:
        return None
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal(-1)
    if not amount.is_finite() or not 0 <= amount <= _MOST_DOLLARS:
        raise Stop(USAGE, f"`{option}` takes US dollars, as in `{option} 2.50`")
    return amount
