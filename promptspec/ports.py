"""What the inner layers may ask of the world: clock, randomness, environment, files. Chosen at the outer layers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from io import BufferedReader
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from promptspec.contract.models import Price


class Clock(Protocol):
    """Time."""

    def monotonic(self) -> float:
        """Return seconds on a clock that never goes back."""
        ...

    def today(self) -> date:
        """Return today's date in UTC."""
        ...

    def now(self) -> datetime:
        """Return this moment in UTC."""
        ...


class Entropy(Protocol):
    """Randomness that nobody can guess."""

    def token(self, bits: int) -> str:
        """Return at least *bits* random bits as lower-case hexadecimal digits."""
        ...


class Files(Protocol):
    """Files of one project. Names are relative to its root, with `/`."""

    def read(self, name: str, *, most: int) -> bytes:
        """Return the content of the regular file *name*.

        Raises FileRefused where it is missing, no regular file, outside the root, or larger than *most* bytes.
        """
        ...

    def open(self, name: str, *, most: int) -> BufferedReader:
        """Return the regular file *name*, opened for reading from its start; raises FileRefused as `read` does."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """`[tool.promptspec]` of the project: what specs may name of the world around them.

    Environment variables, hosts that may be spoken to, and functions of the application that may be called. Sources may
    be read from *private_hosts* although they lead to addresses of an inner network. *prices* are those of models by
    their names, sorted; they replace what is known of them. *policy* is the spec whose policies every feature keeps,
    relative to the root, or "".
    """

    environment: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    private_hosts: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    prices: tuple[tuple[str, Price], ...] = ()
    policy: str = ""


class FileRefused(Exception):
    """A file cannot or may not be read. *rule*: `missing`, `outside`, `irregular`, `too_large`, `unreadable`."""

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(message)
        self.rule = rule
        self.message = message


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The ports of a running application."""

    clock: Clock
    entropy: Entropy
    environment: Mapping[str, str]
