"""Tables of the reference, as the code has their facts."""

from __future__ import annotations

from promptspec.fuzz.laws import LAWS
from promptspec.models.servers import SERVERS, STRONGEST_FIRST
from promptspec.values.sinks import RECOGNISERS


def servers_table() -> str:
    """Return the rows of docs/reference/servers.md."""
    rows: list[str] = []
    for server in SERVERS.values():
        for api in ("responses", "chat"):
            end = server.endpoint(api)
            cells = (
                f"`{server.name}`",
                f"`{api}`",
                f"`{end.cap}`",
                ", ".join(f"`{name}`" for name in end.user),
                "yes" if end.store else "no",
                ", ".join(f"`{mode}`" for mode in STRONGEST_FIRST if mode in end.structured),
                "by the request" if server.claims_roles else "by the server",
            )
            rows.append(f"| {' | '.join(cells)} |\n")
    return "".join(rows)


def laws_table() -> str:
    """Return the rows of docs/reference/laws.md."""
    return "".join(f"| `{law.name}` | {law.claim} | {law.degree} |\n" for law in LAWS.values())


def sinks_table() -> str:
    """Return the rows of docs/reference/sinks.md."""
    rows = ((each.name, each.meaning.replace("|", r"\|"), each.origin) for each in RECOGNISERS)
    return "".join(f"| `{name}` | {meaning} | {origin} |\n" for name, meaning, origin in rows)
