"""Addresses that sources name: of databases and of web servers, read more strictly than any library reads them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from promptspec.models.origins import Origin, is_loopback, listed_for

_HOST: Final = r"(?P<host>\[[0-9a-fA-F:.]{2,45}\]|[A-Za-z0-9](?:[A-Za-z0-9._-]{0,252}))(?::(?P<port>[0-9]{1,5}))?"
_HTTP: Final = re.compile(
    rf"(?P<scheme>https?)://{_HOST}(?P<path>(?:/[A-Za-z0-9._~!$&'()*+,;=:@%-]*)*)(?P<query>\?[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*)?"
)
_POSTGRESQL: Final = re.compile(
    rf"postgres(?:ql)?(?:\+psycopg)?://(?:(?P<user>[^\s/:@?#]+)(?::(?P<password>[^\s/@?#]*))?@)?{_HOST}"
    r"/(?P<database>[A-Za-z0-9._%-]+)(?:\?sslmode=(?P<sslmode>require|verify-ca|verify-full))?"
)
_SQLITE: Final = re.compile(r"sqlite:///(?P<path>[^?#\0]+)")
#: What may begin a query, and a character that could end it.
_QUERY: Final = re.compile(r"\s*(?:select|with)\b[^;]*", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebAddress:
    """An address of a web server: where it is, and what it is asked for."""

    origin: Origin
    target: str

    @property
    def path(self) -> str:
        """What is asked for, without a query."""
        return self.target.partition("?")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgreSQL:
    """A database of a PostgreSQL server. User and password are as they stand in the URL, percent signs and all."""

    origin: Origin
    database: str
    user: str | None
    password: str | None
    sslmode: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SQLite:
    """A file of SQLite."""

    path: str


def read_web_address(text: str) -> WebAddress | None:
    """Return what the URL *text* names: no user, no fragment, ASCII only; None where it is anything else."""
    found = _HTTP.fullmatch(text)
    if found is None:
        return None
    port = int(found["port"] or (443 if found["scheme"] == "https" else 80))
    if not 0 < port < 65_536:
        return None
    origin = Origin(base_url=text, scheme=found["scheme"], host=found["host"].lower(), port=port)
    return WebAddress(origin=origin, target=(found["path"] or "/") + (found["query"] or ""))


def read_database(text: str) -> PostgreSQL | SQLite | None:
    """Return which database *text* names, or None.

    No parameter but `sslmode` is read: others can name another host, a file with passwords, or settings of a session.
    """
    file = _SQLITE.fullmatch(text)
    if file is not None:
        return SQLite(path=file["path"])
    found = _POSTGRESQL.fullmatch(text)
    if found is None:
        return None
    port = int(found["port"] or 5432)
    if not 0 < port < 65_536:
        return None
    origin = Origin(base_url="", scheme="postgresql", host=found["host"].lower(), port=port)
    return PostgreSQL(
        origin=origin,
        database=found["database"],
        user=found["user"],
        password=found["password"],
        sslmode=found["sslmode"],
    )


def is_one_query(text: str) -> bool:
    """Say whether *text* begins as a query does and holds no semicolon, in a string or elsewhere."""
    return "\0" not in text and _QUERY.fullmatch(text) is not None


def why_not(origin: Origin, hosts: tuple[str, ...]) -> str | None:
    """Return why nothing is sent to *origin*, or None where *hosts* of the settings allow it."""
    if origin.scheme == "http" and not is_loopback(origin.host):
        return "plain http goes to this machine only"
    if not listed_for(origin, hosts):
        return f"the project does not list the host `{named(origin)}`"
    return None


def named(origin: Origin) -> str:
    """Return what the settings would list for *origin*."""
    usual = {"http": 80, "https": 443, "postgresql": 5432}[origin.scheme]
    return origin.host if origin.port == usual else f"{origin.host}:{origin.port}"
