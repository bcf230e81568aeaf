"""Numbers, dates and addresses as written to what they are checked to be: bounds, places, hosts."""

from __future__ import annotations

from datetime import date
from decimal import Context, Decimal
from typing import Literal

from promptspec.check.desk import Desk
from promptspec.check.ranges import numbers
from promptspec.contract import types as t
from promptspec.syntax import tree
from promptspec.text import Span

#: Whole numbers up to here are exact in every reader of JSON (RFC 8259, section 6).
MOST_WHOLE = 2**53
#: The most digits of a decimal after the point, and what its bounds stay below.
MOST_PLACES = 18
MOST_DECIMAL = Decimal(10) ** 30

#: Wide enough for every bound to be divided exactly.
_WIDE = Context(prec=100)


def number_of(desk: Desk, written: tree.NumberType) -> t.Integer | t.Number | None:
    """Return the checked number, or None after a report."""
    example = "int(1..5)" if written.kind == "int" else "decimal(0..9_999, 2)"
    bounds = numbers(desk, written.bounds, span=written.span, what=f"`{written.kind}`", example=example)
    if bounds is None:
        return None
    least, most = bounds
    if written.kind == "int":
        if least != int(least) or most != int(most) or max(abs(least), abs(most)) > MOST_WHOLE:
            desk.add("PS302", written.span, "the bounds of an `int` are whole numbers within ±2^53")
            return None
        return t.Integer(least=int(least), most=int(most))
    if (
        written.places is None
        or not 0 <= written.places.value <= MOST_PLACES
        or written.places.value != int(written.places.value)
    ):
        desk.add(
            "PS301",
            written.places.span if written.places else written.span,
            f"a `decimal` says how many digits stand after the point, from 0 to {MOST_PLACES}",
            help=f"write `{example}`",
        )
        return None
    places = int(written.places.value)
    quantum = Decimal(1).scaleb(-places)
    if any(_WIDE.remainder(bound, quantum) for bound in (least, most)) or max(abs(least), abs(most)) >= MOST_DECIMAL:
        desk.add(
            "PS302",
            written.span,
            f"the bounds have more than {places} digits after the point, or too many before it",
        )
        return None
    return t.Number(least=least, most=most, places=places)


def date_of(desk: Desk, written: tree.DateType) -> t.Date | None:
    """Return the checked date, or None after a report."""
    if written.bounds is None:
        return t.Date()
    ends: list[date | Literal["today"] | None] = []
    for bound in (written.bounds.low, written.bounds.high):
        if bound is None:
            ends.append(None)
        elif isinstance(bound, tree.DateLiteral):
            ends.append(bound.value)
        elif isinstance(bound, tree.WordLiteral) and bound.name == "today":
            ends.append("today")
        else:
            desk.add(
                "PS302",
                bound.span,
                "the bounds of a `date` are dates or `today`",
                help="write `date(2020-01-01..today)`",
            )
            return None
    low, high = ends
    if isinstance(low, date) and isinstance(high, date) and low > high:
        desk.add("PS302", written.bounds.span, "no date lies between these bounds")
        return None
    return t.Date(least=low, most=high)


def url_of(desk: Desk, written: tree.UrlType, *, replied: bool) -> t.Url | None:
    """Return the checked address, or None after a report; one that is *replied* names its hosts."""
    if replied and not written.hosts:
        report_no_hosts(desk, written.span)
        return None
    for host in written.hosts:
        if not host_is_sound(desk, host):
            return None
    return t.Url(hosts=tuple(host.value for host in written.hosts))


def host_is_sound(desk: Desk, host: tree.StringLiteral) -> bool:
    """Say whether *host* is the name of a host; what is none is reported."""
    if _is_host(host.value):
        return True
    desk.add("PS302", host.span, "this is no host name", help='write it in lower case, like "example.org"')
    return False


def report_no_hosts(desk: Desk, span: Span) -> None:
    """Report an address in an output that could lead anywhere."""
    desk.add(
        "PS312",
        span,
        "an output `url` names its hosts",
        help='write `url(hosts "example.org")`: a reply may link to these and no others',
    )


def _is_host(host: str) -> bool:
    """Say whether *host* is a name within the lengths of RFC 1035, section 2.3.4: 253 characters, 63 a label."""
    labels = host.split(".")
    return (
        host.isascii()
        and host == host.lower()
        and 0 < len(host) <= 253
        and all(
            0 < len(label) <= 63 and label.replace("-", "a").isalnum() and label.strip("-") == label for label in labels
        )
    )
