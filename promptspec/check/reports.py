"""`report to` as written to where reports go: an address of a host that the project lists."""

from __future__ import annotations

import re
from typing import Final

from promptspec.check.addresses import may_reach
from promptspec.check.desk import Desk
from promptspec.contract.safety import ReportTo
from promptspec.diagnostics import did_you_mean
from promptspec.ledger.opening import is_installed
from promptspec.models.origins import Origin, listed_for, read_origin
from promptspec.syntax import tree
from promptspec.values.formats import BadFormat, parse_email

_MAIL: Final = "mailto:"
_MOST: Final = 2_000
_SHOWN: Final = ("reply",)


def check_report(desk: Desk, feature: tree.FeatureDeclaration, clause: tree.ReportClause | None) -> ReportTo | None:
    """Return where reports on replies of *feature* go; None where it has no *clause*, or after a report."""
    if clause is None:
        return None
    if not is_installed():
        desk.add(
            "PS921",
            clause.span,
            "`report` needs the ledger, which is not installed",
            help="install `promptspec[ledger]`",
        )
    origin = _origin(desk, clause.target)
    shows = _shows_reply(desk, clause)
    _warn_of_ids(desk, feature, clause)
    if origin is None:
        return None
    return ReportTo(
        target=clause.target.value,
        hosts=listed_for(origin, desk.settings.hosts),
        shows_reply=shows,
        origin=desk.origin(clause.span),
    )


def _origin(desk: Desk, target: tree.StringLiteral) -> Origin | None:
    """Return where *target* leads, None after a report: the host of a URL, the domain of an address."""
    text = target.value
    if text.startswith(_MAIL):
        try:
            address = parse_email(text.removeprefix(_MAIL))
        except BadFormat:
            desk.add(
                "PS930",
                target.span,
                "this is no address of one mailbox",
                help='write `report to "mailto:desk@shop.example.org"`, without a subject or a second address',
            )
            return None
        # Port 25 is that of mail between servers; a project lists the domain alone.
        origin = Origin(base_url=text, scheme="mailto", host=address.rpartition("@")[2].lower(), port=25)
        return origin if may_reach(desk, target.span, origin, usual_ports=(25,)) else None
    origin = read_origin(text) if len(text) <= _MOST else None
    if origin is None or not 0 < origin.port < 65_536:
        desk.add(
            "PS930",
            target.span,
            "reports go to a mailbox or to a plain https address",
            help='write `report to "mailto:desk@example.org"`, or `"https://example.org/reports"`, without a query',
        )
        return None
    return origin if may_reach(desk, target.span, origin) else None


def _shows_reply(desk: Desk, clause: tree.ReportClause) -> bool:
    for name in clause.show:
        if name.text not in _SHOWN:
            desk.add(
                "PS930",
                name.span,
                f"a report does not show `{name.text}`",
                help=did_you_mean(name.text, _SHOWN) or "a report shows the `reply`, or what was said of it alone",
            )
    return any(name.text == "reply" for name in clause.show)


def _warn_of_ids(desk: Desk, feature: tree.FeatureDeclaration, clause: tree.ReportClause) -> None:
    """Warn where the doc comment shows only calls from which nobody learns the id of a reply (rule 29)."""
    name, doc = feature.name.text, feature.doc.text if feature.doc else ""
    if clause in feature.clauses and re.search(rf"\b{name}(?:\.aio)?\(", doc) and not re.search(r"\.a?call\(", doc):
        desk.add(
            "PS931",
            clause.span,
            f"the doc comment calls `{name}` so that nobody learns the id of the reply",
            note="a report names the reply by its id, which `call` and `acall` return",
            help=f"show `{name}.call(…)` in the doc comment too",
        )
