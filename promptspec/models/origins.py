"""Where a request may go: base URLs, the hosts that a project allows, and which key goes where."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from promptspec.models.port import Unavailable
from promptspec.models.servers import OPENAI_BASE_URL

#: The variable that OpenAI's key is taken from. It is sent to OpenAI's own origin and nowhere else.
OPENAI_KEY = "OPENAI_API_KEY"

# Stricter than any URL parser, so that no two of them can disagree about the host: no user, query or fragment,
# no percent signs or backslashes, ASCII only. Without a query or a user there is no room for a secret either.
_BASE_URL = re.compile(
    r"(?P<scheme>https?)://(?P<host>\[[0-9a-fA-F:.]{2,45}\]|[A-Za-z0-9](?:[A-Za-z0-9._-]{0,252}))"
    r"(?::(?P<port>[0-9]{1,5}))?(?P<path>(?:/[A-Za-z0-9._~-]*)*)"
)
# What the value of an HTTP header may hold; a line break would let a key write headers of its own.
_KEY = re.compile(r"[\x21-\x7e]{1,4096}")


class Secret:
    """A text that shows itself in no repr, log or traceback."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text, for the one header that it belongs in."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(…)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """A judged base URL: *host* is in lower case and *port* is spelled out."""

    base_url: str
    scheme: str
    host: str
    port: int

    @property
    def is_openai(self) -> bool:
        """Whether this is OpenAI's own origin."""
        return (self.scheme, self.host, self.port) == ("https", "api.openai.com", 443)

    def __str__(self) -> str:
        return f"{self.scheme}://{self.host}:{self.port}"


def find_origin(
    *, base_url: str | None, base_url_env: str | None, hosts: tuple[str, ...], environment: Mapping[str, str]
) -> Origin:
    """Return where requests go. `OPENAI_BASE_URL` plays no part.

    Raises Unavailable where the variable is not set, the URL is not a plain one, or its host is not allowed.
    """
    text = base_url or OPENAI_BASE_URL
    said = "the base URL"
    if base_url_env is not None:
        said = f"the base URL in the environment variable {base_url_env}"
        text = environment.get(base_url_env, "")
        if not text:
            raise Unavailable(f"the environment variable {base_url_env} is not set", again=False)
    return _judge(text, said, hosts)


@lru_cache(64)  # one URL is judged for every call
def _judge(text: str, said: str, hosts: tuple[str, ...]) -> Origin:
    origin = read_origin(text)
    if origin is None:
        raise Unavailable(f"{said} is not a plain http or https URL", again=False)
    if not 0 < origin.port < 65_536:
        raise Unavailable(f"{said} has no valid port", again=False)
    if origin.scheme == "http" and not is_loopback(origin.host):
        raise Unavailable(f"{said} uses plain http, which is allowed to this machine only", again=False)
    if not origin.is_openai and not listed_for(origin, hosts):
        raise Unavailable(
            f"the host {origin.host}:{origin.port} is not listed in `hosts` of [tool.promptspec] in pyproject.toml",
            again=False,
        )
    return origin


@lru_cache(maxsize=256)
def read_origin(text: str) -> Origin | None:
    """Return what the plain URL *text* names, its port not judged; None where it is no plain URL."""
    found = _BASE_URL.fullmatch(text)
    if found is None:
        return None
    scheme = found["scheme"]
    port = int(found["port"] or (443 if scheme == "https" else 80))
    return Origin(base_url=text, scheme=scheme, host=found["host"].lower(), port=port)


def listed_for(origin: Origin, hosts: Sequence[str]) -> tuple[str, ...]:
    """Return those of *hosts*, entries like `host` and `host:port`, that allow *origin*."""
    wanted = (origin.host, f"{origin.host}:{origin.port}")
    return tuple(entry for entry in hosts if entry.strip().lower() in wanted)


def find_key(*, origin: Origin, key_env: str | None, environment: Mapping[str, str]) -> Secret | None:
    """Return the key for *origin*, or None for a server that was given none.

    Raises Unavailable where the key is missing, cannot stand in a header, or belongs to another origin.
    """
    if key_env is None and not origin.is_openai:
        return None
    name = key_env or OPENAI_KEY
    if name == OPENAI_KEY and not origin.is_openai:
        raise Unavailable(f"{OPENAI_KEY} is sent to OpenAI only: name another variable with `key env(…)`", again=False)
    text = environment.get(name, "").strip()
    if not text:
        raise Unavailable(f"no key: the environment variable {name} is not set", again=False)
    if _KEY.fullmatch(text) is None:
        raise Unavailable(f"the key in the environment variable {name} holds characters that no key has", again=False)
    return Secret(text)


@lru_cache(maxsize=256)
def is_loopback(host: str) -> bool:
    """Return whether *host* can only be this machine: `localhost`, 127.0.0.0/8 or ::1."""
    import ipaddress

    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
