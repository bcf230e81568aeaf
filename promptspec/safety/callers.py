"""Who calls, and the keyed hash that stands for them outside."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, cast

from promptspec.errors import CallerRefused, ModelUnavailable

#: The longest id of a caller, in characters.
MOST_ID: Final = 256
#: Where the keys of the hash come from: `secret`, or `keyid:secret`, or several of these with commas between them. The
#: first one signs; hashes that were made with the others still lead to their caller.
ID_KEY: Final = "PROMPTSPEC_ID_KEY"

_LEAST_SECRET: Final = 16
_HASH: Final = re.compile(r"[0-9A-Za-z]{1,16}\.[0-9A-Za-z_-]{43}", re.ASCII)

#: The id of who calls in an example, or in a test that names nobody.
EXAMPLE_ID: Final = "a-test"


@dataclass(frozen=True, slots=True)
class Anyone:
    """Nothing is known of the caller."""


@dataclass(frozen=True, slots=True)
class Session(Anyone):
    """A caller who is known for as long as a session lasts: *id* is the session's own."""

    id: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SignedIn(Session):
    """A caller who has signed in: *id* is the account's."""


@dataclass(frozen=True, slots=True)
class Verified(SignedIn):
    """A caller whose account has been verified, by e-mail or better."""


LEVELS: Final[Mapping[str, type[Anyone]]] = {
    "anyone": Anyone,
    "session": Session,
    "signed_in": SignedIn,
    "verified": Verified,
}


def admit(caller: Anyone | None, level: str) -> Anyone:
    """Return the caller if enough is known of them.

    Raises CallerRefused where *caller* is no caller, is known less well than *level* asks, or has no usable id.
    """
    known: object = Anyone() if caller is None and level == "anyone" else caller
    wanted = LEVELS[level]
    if not isinstance(known, wanted):
        raise CallerRefused(f"the feature needs a caller of level `{level}`, as `{wanted.__name__}(…)`")
    if isinstance(known, Session):
        # An application may pass what its framework gave it; the annotation alone does not make it a string.
        id = cast("object", known.id)
        if not isinstance(id, str) or not id or len(id) > MOST_ID:
            raise CallerRefused(f"the caller's id must be a string of 1 to {MOST_ID} characters")
    return known


def example_caller(level: str) -> Anyone:
    """Return who calls in an example: somebody of whom no more is known than *level* asks for."""
    kind: Any = LEVELS[level]
    return kind(EXAMPLE_ID) if issubclass(kind, Session) else Anyone()


def hash_of(caller: Anyone, environment: Mapping[str, str]) -> str | None:
    """Return the keyed hash that leaves in place of the caller's id, or None where there is no id.

    It is `keyid.` and the base64url form of HMAC-SHA-256 over a domain-separated id: at most 64 characters. A
    session and an account with the same id have different hashes; an account has one, verified or not.
    Raises ModelUnavailable where there is an id but no usable key: what is missing is the operator's to give, not
    the caller's.
    """
    return _hash(caller, _keys(environment)[0]) if isinstance(caller, Session) else None


def hashes_of(caller: Anyone, environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return the hash of *caller* by each key, that of the key which signs first; none where there is no id.

    Raises ModelUnavailable as `hash_of` does.
    """
    return tuple(_hash(caller, key) for key in _keys(environment)) if isinstance(caller, Session) else ()


def kind_of(caller: Session) -> Literal["session", "account"]:
    """Return what the id of *caller* names: ids of sessions and of accounts have nothing to do with each other."""
    return "account" if isinstance(caller, SignedIn) else "session"


def level_of(caller: Anyone) -> str:
    """Return the word for how much is known of *caller*."""
    words = {kind: word for word, kind in LEVELS.items()}
    return next(words[kind] for kind in type(caller).__mro__ if kind in words)


def id_key(environment: Mapping[str, str]) -> bytes:
    """Return the secret that ids are hashed with now. Raises ModelUnavailable where there is none."""
    return _keys(environment)[0][1]


def is_hash(text: str) -> bool:
    """Say whether *text* has the form of a caller's hash."""
    return _HASH.fullmatch(text) is not None


def _hash(caller: Session, key: tuple[str, bytes]) -> str:
    import hmac
    from base64 import urlsafe_b64encode

    key_id, secret = key
    message = f"promptspec caller\0{kind_of(caller)}\0{caller.id}".encode("utf-8", "surrogatepass")
    digest = hmac.digest(secret, message, "sha256")
    return f"{key_id}.{urlsafe_b64encode(digest).rstrip(b'=').decode()}"


def _keys(environment: Mapping[str, str]) -> list[tuple[str, bytes]]:
    """Return the keys with their ids. Without any id the whole value is one secret, commas and all."""
    value = environment.get(ID_KEY, "")
    if ":" not in value:
        return [("k1", _secret(value))]
    found: dict[str, bytes] = {}
    for part in value.split(","):
        key_id, separator, secret = part.strip().rpartition(":")
        if not separator:
            raise ModelUnavailable(f"each of the keys in `{ID_KEY}` that commas part is `keyid:secret`")
        if not (key_id.isascii() and key_id.isalnum() and len(key_id) <= 16):
            raise ModelUnavailable(f"the key id in `{ID_KEY}` must be 1 to 16 ASCII letters or digits")
        if key_id in found:
            raise ModelUnavailable(f"two keys in `{ID_KEY}` have one id: a new secret has a new one")
        found[key_id] = _secret(secret)
    return list(found.items())


def _secret(text: str) -> bytes:
    if len(text) < _LEAST_SECRET:
        raise ModelUnavailable(
            f"`{ID_KEY}` is missing or shorter than {_LEAST_SECRET} characters; "
            "callers' ids leave only as a hash keyed with it"
        )
    return text.encode()
