"""Callers from signed tokens: OIDC's ID tokens, and other JWTs with an issuer, an audience and an expiry (RFC 7519).

`promptspec[oidc]` brings joserfc, which checks signatures. What a token says is believed once all of it is right, and
nothing of a token stands in an error.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final, cast

from promptspec.errors import CallerRefused
from promptspec.models.origins import is_loopback, read_origin
from promptspec.safety.callers import MOST_ID, SignedIn, Verified
from promptspec.values.reading import Unreadable, read_json

if TYPE_CHECKING:
    from joserfc.jwk import KeySet

#: Signatures that a public key can check. `none`, and secrets that both sides share, are not among them.
ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
#: The longest token, in characters, and the largest set of keys, in bytes.
MOST_TOKEN: Final = 16_384
MOST_KEYS: Final = 262_144
#: What a token is of that says who somebody is: `typ` of RFC 7519, and of access tokens by RFC 9068.
_KINDS: Final = ("jwt", "application/jwt", "at+jwt", "application/at+jwt")
#: Seconds for which keys are believed, and after which those that lack the one of a token are fetched again.
KEEP_KEYS: Final = 3_600.0
ASK_AGAIN: Final = 60.0
#: Seconds that fetching keys may take.
FETCH_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerTokens:
    """Reads the tokens of one *issuer* for one *audience*, both compared exactly.

    *keys* is a JSON Web Key Set (RFC 7517), or the address that it is fetched from: `https`, or `http` of this machine.
    It is kept for an hour, and fetched again when a token names a key that is not in it, at most once a minute: keys
    rotate. While the address does not answer, keys that were fetched within a day are used on.
    *algorithms* are those of ALGORITHMS that the issuer signs with. A clock may be wrong by *leeway* seconds. A token
    whose *verified_claim* is `true` is that of a `Verified` caller, any other that of a `SignedIn` one; *id_claim* is
    the caller's id. A token for several audiences that says by `azp` who asked for it was asked for by the *audience*,
    or by one of *parties*.

    Raises ValueError for an address, or an algorithm, that cannot be trusted.
    """

    issuer: str
    audience: str
    keys: str | Mapping[str, Any] = field(repr=False)
    algorithms: Collection[str] = ("RS256", "ES256")
    leeway: int = 30
    id_claim: str = "sub"
    verified_claim: str = "email_verified"
    parties: Collection[str] = ()
    now: Callable[[], float] = field(default=time.time, repr=False)
    _kept: _Keys = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.algorithms or not set(self.algorithms) <= set(ALGORITHMS):
            raise ValueError(f"algorithms are some of {', '.join(ALGORITHMS)}")
        if not self.issuer or not self.audience:
            raise ValueError("a token has an issuer and an audience")
        if find_spec("joserfc") is None:
            raise ModuleNotFoundError("tokens are checked by joserfc: install `promptspec[oidc]`")
        object.__setattr__(self, "_kept", _Keys(self.keys, self.now))

    def caller(self, token: str) -> SignedIn:
        """Return the caller that *token* names, `Verified` or `SignedIn`.

        Raises CallerRefused for a token that is not whole, not signed by the issuer, for somebody else, expired or not
        valid yet, of another kind (a logout token, say), or without a usable id; and where the keys cannot be had.
        """
        failure = "the token is not valid"
        claims: Mapping[str, object] | None = None
        try:
            claims = self._claims(token)
        except _Untrusted as untrusted:
            failure = untrusted.why
        if claims is not None:
            return self._named(claims)
        # Raised out here, so that nothing of the token hangs on the exception as its context.
        raise CallerRefused(failure)

    async def acaller(self, token: str) -> SignedIn:
        """As `caller`; keys are fetched in a thread."""
        import asyncio

        return await asyncio.to_thread(self.caller, token)

    def _named(self, claims: Mapping[str, object]) -> SignedIn:
        id = claims.get(self.id_claim)
        if not isinstance(id, str) or not 1 <= len(id) <= MOST_ID:
            raise CallerRefused(f"the token has no usable `{self.id_claim}`")
        return Verified(id) if claims.get(self.verified_claim) is True else SignedIn(id)

    def _claims(self, token: str) -> Mapping[str, object]:
        """Return the claims of a token that is right. Raises _Untrusted."""
        from joserfc import jws, jwt
        from joserfc.errors import JoseError

        given = cast("object", token)  # what a framework found in a header may be anything
        if not isinstance(given, str) or len(token) > MOST_TOKEN or not token.isascii() or token.count(".") != 2:
            raise _Untrusted("the token is not a signed token")
        try:
            header = jws.extract_compact(token.encode()).headers()
        except (JoseError, ValueError):
            raise _Untrusted("the token is not a signed token") from None
        algorithm, named = header.get("alg"), header.get("kid")
        if not isinstance(algorithm, str) or algorithm not in self.algorithms:
            raise _Untrusted("the token is not signed as the issuer signs")
        if "crit" in header:
            raise _Untrusted("the token asks for what is not understood")
        kind = header.get("typ", "JWT")
        if not isinstance(kind, str) or kind.lower() not in _KINDS:
            raise _Untrusted("the token is of another kind")
        key = self._kept.find(named if isinstance(named, str) else None)
        try:
            found = jwt.decode(token, key, algorithms=list(self.algorithms)).claims
        except (JoseError, ValueError, TypeError, RecursionError):
            raise _Untrusted("the token is not signed by the issuer") from None
        self._check(found)
        return found

    def _check(self, claims: Mapping[str, object]) -> None:
        if "events" in claims:  # a security event (RFC 8417), such as a logout, names whom it is about
            raise _Untrusted("the token is of another kind")
        if claims.get("iss") != self.issuer:
            raise _Untrusted("the token is of another issuer")
        audience = claims.get("aud")
        if self.audience not in (audience if isinstance(audience, list) else [audience]):
            raise _Untrusted("the token is for another audience")
        # OIDC Core 3.1.3.7: of several audiences the authorized party is the one that asked. An access token for one
        # audience alone is asked for by whatever client calls that.
        several = isinstance(audience, list) and len(cast("list[object]", audience)) > 1
        if several and "azp" in claims and claims["azp"] not in (self.audience, *self.parties):
            raise _Untrusted("the token was asked for by another party")
        now = self.now()
        ends, begins, made = (_moment(claims.get(name)) for name in ("exp", "nbf", "iat"))
        if ends is None or now >= ends + self.leeway:
            raise _Untrusted("the token has expired")
        if any(claims.get(name) is not None and at is None for name, at in (("nbf", begins), ("iat", made))):
            raise _Untrusted("the token does not say when it is valid")
        if any(at is not None and now < at - self.leeway for at in (begins, made)):
            raise _Untrusted("the token is not valid yet")


class _Untrusted(Exception):
    """Nothing that a token says is believed; *why* holds nothing of it."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def _moment(value: object) -> float | None:
    """Return seconds since 1970, None for what is no such number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 2**53:
        return None
    return float(value)


class _Keys:
    """The keys of an issuer: given, or fetched and kept."""

    #: Seconds for which keys are used on while their address does not answer.
    LONGEST: Final = 86_400.0

    def __init__(self, keys: str | Mapping[str, Any], now: Callable[[], float]) -> None:
        self._address = keys if isinstance(keys, str) else ""
        self._now = now
        self._lock = threading.Lock()
        self._set: KeySet | None = None
        self._fetched = self._asked = float("-inf")
        if isinstance(keys, str):
            origin = read_origin(keys.partition("?")[0])
            if origin is None or (origin.scheme != "https" and not is_loopback(origin.host)):
                raise ValueError("keys are fetched from an `https` address, or from this machine")
        else:
            self._set = _imported(keys)

    def find(self, named: str | None) -> KeySet:
        """Return the keys to check a token with that names the key *named*. Raises _Untrusted where there are none."""
        if not self._address:
            assert self._set is not None
            return self._set
        # Whoever brings a key that is here does not wait while keys are fetched for somebody who brings any other.
        held, age = self._set, self._now() - self._fetched
        if held is not None and 0 <= age <= KEEP_KEYS and not _lacks(held, named):
            return held
        with self._lock:
            now = self._now()
            age = now - self._fetched
            lacks = self._set is not None and _lacks(self._set, named)
            if (age > KEEP_KEYS or lacks) and now - self._asked > ASK_AGAIN:
                self._asked = now
                found = _fetched(self._address)
                if found is not None:
                    self._set, self._fetched = found, now
                    age = 0.0
            if self._set is None or age > self.LONGEST:
                raise _Untrusted("the keys of the issuer cannot be had")
            return self._set


def _lacks(keys: KeySet, named: str | None) -> bool:
    return named is not None and all(key.kid != named for key in keys)


def _imported(keys: object) -> KeySet:
    """Return the public keys of a set. Raises ValueError for what is none, and for secrets that are shared."""
    from joserfc.errors import JoseError
    from joserfc.jwk import KeySet

    listed: object = cast("Mapping[str, object]", keys).get("keys") if isinstance(keys, Mapping) else None
    if not isinstance(listed, list) or not listed:
        raise ValueError("this is no set of keys")
    objects = [cast("dict[str, object]", each) for each in cast("list[object]", listed) if isinstance(each, dict)]
    usable = [each for each in objects if each.get("kty") in ("RSA", "EC", "OKP")]
    try:
        return KeySet.import_key_set(cast("Any", {"keys": usable}))
    except (JoseError, ValueError, TypeError, KeyError):
        raise ValueError("this is no set of public keys") from None


def _fetched(address: str) -> KeySet | None:
    """Return the keys at *address*; None where it does not answer with some in time."""
    import httpx2

    body = b""
    ends = time.monotonic() + FETCH_SECONDS
    try:
        with (
            httpx2.Client(timeout=FETCH_SECONDS, follow_redirects=False, trust_env=False) as client,
            client.stream("GET", address, headers={"Accept": "application/json"}) as response,
        ):
            if response.status_code != 200:
                return None
            for piece in response.iter_bytes():
                body += piece
                if len(body) > MOST_KEYS or time.monotonic() > ends:
                    return None
        return _imported(read_json(body))
    except (httpx2.HTTPError, OSError, Unreadable, ValueError):
        return None
