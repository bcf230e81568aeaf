"""Who calls, and the keyed hash that stands for them outside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, cast

from promptspec.errors import CallerRefused, ModelUnavailable

#: The longest id of a caller, in characters.
MOST_ID: Final = 256
#: Where the key of the hash comes from: `secret`, or `keyid:secret` to rotate keys.
ID_KEY: Final = "PROMPTSPEC_ID_KEY"

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
    if not isinstance(caller, Session):
        return None
    import hmac
    from base64 import urlsafe_b64encode

    key_id, secret = _key(environment)
    kind = "account" if isinstance(caller, SignedIn) else "session"
    message = f"promptspec caller\0{kind}\0{caller.id}".encode("utf-8", "surrogatepass")
    digest = hmac.digest(secret, message, "sha256")
    return f"{key_id}.{urlsafe_b64encode(digest).rstrip(b'=').decode()}"


def _key(environment: Mapping[str, str]) -> tuple[str, bytes]:
    key_id, separator, secret = environment.get(ID_KEY, "").rpartition(":")
    if not separator:
        key_id = "k1"
    if len(secret) < 16:
        raise ModelUnavailable(
            f"`{ID_KEY}` is missing or shorter than 16 characters; callers' ids leave only as a hash keyed with it"
        )
    if not (key_id.isascii() and key_id.isalnum() and len(key_id) <= 16):
        raise ModelUnavailable(f"the key id in `{ID_KEY}` must be 1 to 16 ASCII letters or digits")
    return key_id, secret.encode()
