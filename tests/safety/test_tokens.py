"""Callers from tokens: only what the issuer signed, for us, in time, names a caller."""

from __future__ import annotations

import base64
import hmac
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from joserfc import jws, jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

from promptspec import CallerTokens, SignedIn, Verified
from promptspec.errors import CallerRefused

ISSUER, AUDIENCE = "https://id.example.org", "shop"
NOW = 1_800_000_000
FIRST = ECKey.generate_key("P-256", {"kid": "one"})
SECOND = ECKey.generate_key("P-256", {"kid": "two"})
RSA = RSAKey.generate_key(2048, {"kid": "rsa"})


def keys_of(*keys: Any) -> dict[str, Any]:
    return json.loads(json.dumps(KeySet(list(keys)).as_dict(private=False)))


def token(key: Any = FIRST, algorithm: str = "ES256", header: dict[str, Any] | None = None, **claims: Any) -> str:
    said = {"iss": ISSUER, "aud": AUDIENCE, "sub": "u-17", "exp": NOW + 300, "iat": NOW, **claims}
    said = {name: value for name, value in said.items() if value is not ...}
    return jwt.encode({"alg": algorithm, "kid": key.kid, **(header or {})}, said, key, algorithms=[algorithm])


def reader(keys: Any = None, **settings: Any) -> CallerTokens:
    return CallerTokens(issuer=ISSUER, audience=AUDIENCE, keys=keys or keys_of(FIRST, RSA), now=lambda: NOW, **settings)


def refused(tokens: CallerTokens, text: Any) -> str:
    with pytest.raises(CallerRefused) as caught:
        tokens.caller(text)
    assert caught.value.__context__ is None
    return caught.value.detail


def test_a_token_names_its_caller() -> None:
    assert reader().caller(token()) == SignedIn("u-17")
    assert reader().caller(token(email_verified=True)) == Verified("u-17")
    assert reader().caller(token(RSA, "RS256")) == SignedIn("u-17")
    assert reader().caller(token(aud=["bank", AUDIENCE])) == SignedIn("u-17")


@pytest.mark.parametrize("value", ["true", 1, "yes", None, [True]])
def test_only_true_verifies(value: object) -> None:
    assert type(reader().caller(token(email_verified=value))) is SignedIn


def test_other_claims_can_be_read() -> None:
    tokens = reader(id_claim="oid", verified_claim="kyc")
    assert tokens.caller(token(oid="x-1", kyc=True)) == Verified("x-1")


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({"exp": NOW - 31}, "the token has expired"),
        ({"exp": ...}, "the token has expired"),
        ({"exp": "soon"}, "the token has expired"),
        ({"exp": True}, "the token has expired"),
        ({"nbf": NOW + 31}, "the token is not valid yet"),
        ({"iat": NOW + 31}, "the token is not valid yet"),
        ({"nbf": "now"}, "the token does not say when it is valid"),
        ({"iss": "https://id.example.org/"}, "the token is of another issuer"),
        ({"iss": ...}, "the token is of another issuer"),
        ({"aud": "bank"}, "the token is for another audience"),
        ({"aud": ["bank"]}, "the token is for another audience"),
        ({"aud": "shop2"}, "the token is for another audience"),
        ({"aud": ...}, "the token is for another audience"),
        ({"aud": ["bank", AUDIENCE], "azp": "bank"}, "the token was asked for by another party"),
        ({"aud": [AUDIENCE, "bank"], "azp": None}, "the token was asked for by another party"),
        ({"aud": [AUDIENCE, "bank"], "azp": [AUDIENCE]}, "the token was asked for by another party"),
        ({"sub": ...}, "the token has no usable `sub`"),
        ({"sub": ""}, "the token has no usable `sub`"),
        ({"sub": 17}, "the token has no usable `sub`"),
        ({"sub": "x" * 257}, "the token has no usable `sub`"),
    ],
)
def test_a_claim_that_is_wrong_is_refused(claims: dict[str, Any], why: str) -> None:
    assert refused(reader(), token(**claims)) == why


def test_a_token_for_several_audiences_is_asked_for_by_this_one_or_a_known_party() -> None:
    both = ["bank", AUDIENCE]
    assert reader().caller(token(aud=both, azp=AUDIENCE)) == SignedIn("u-17")
    assert reader(parties=["app"]).caller(token(aud=both, azp="app")) == SignedIn("u-17")
    assert refused(reader(parties=["app"]), token(aud=both, azp="bank")) == "the token was asked for by another party"
    assert reader().caller(token(aud=[AUDIENCE], azp="app")) == SignedIn("u-17")


@pytest.mark.parametrize("kind", ["logout+jwt", "secevent+jwt", "dpop+jwt", ""])
def test_a_token_of_another_kind_names_no_caller(kind: str) -> None:
    assert refused(reader(), token(header={"typ": kind})) == "the token is of another kind"


@pytest.mark.parametrize("kind", ["JWT", "at+jwt", "application/at+JWT"])
def test_tokens_of_identity_and_access_name_a_caller(kind: str) -> None:
    assert reader().caller(token(header={"typ": kind})) == SignedIn("u-17")


def test_a_token_that_tells_of_a_logout_names_no_caller() -> None:
    events = {"http://schemas.openid.net/event/backchannel-logout": {}}
    assert refused(reader(), token(events=events)) == "the token is of another kind"


def test_a_clock_may_be_a_little_wrong() -> None:
    assert reader().caller(token(exp=NOW - 29, nbf=NOW + 29))
    assert refused(reader(leeway=0), token(exp=NOW)) == "the token has expired"


# Signatures


def part(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unsigned(header: dict[str, Any]) -> str:
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "u-17", "exp": NOW + 300}
    return f"{part(json.dumps(header).encode())}.{part(json.dumps(claims).encode())}."


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "HS256", "", None, ["ES256"]])
def test_an_unsigned_token_is_refused(algorithm: object) -> None:
    assert refused(reader(), unsigned({"alg": algorithm})) == "the token is not signed as the issuer signs"


def test_a_public_key_is_no_shared_secret() -> None:
    begin = unsigned({"alg": "HS256", "kid": "one"}).rstrip(".")
    forged = f"{begin}.{part(hmac.digest(FIRST.as_pem(private=False), begin.encode(), 'sha256'))}"
    assert refused(reader(), forged) == "the token is not signed as the issuer signs"


def test_a_token_that_somebody_else_signed_is_refused() -> None:
    other = ECKey.generate_key("P-256", {"kid": "one"})
    assert refused(reader(), token(other)) == "the token is not signed by the issuer"
    assert refused(reader(), token(SECOND)) == "the token is not signed by the issuer"


def test_a_changed_token_is_refused() -> None:
    head, claims, signature = token().split(".")
    changed = base64.urlsafe_b64encode(
        base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)).replace(b"u-17", b"u-18")
    )
    assert "not signed" in refused(reader(), f"{head}.{changed.rstrip(b'=').decode()}.{signature}")
    assert "not signed" in refused(reader(), f"{head}.{claims}.{signature[:-4]}AAAA")


@pytest.mark.parametrize("text", ["", "a", "a.b", "a.b.c", "a.b.c.d.e", "é.b.c", "." * 2, "x" * 20_000, None, b"a.b.c"])
def test_what_is_no_token_is_refused(text: Any) -> None:
    assert refused(reader(), text) == "the token is not a signed token"


def test_claims_that_are_nested_deeply_are_refused() -> None:
    deep = jws.serialize_compact({"alg": "ES256", "kid": FIRST.kid}, b"[" * 9_000, FIRST, algorithms=["ES256"])
    assert refused(reader(), deep) == "the token is not signed by the issuer"


def test_the_key_that_a_token_brings_is_not_believed() -> None:
    other = ECKey.generate_key("P-256", {"kid": "one"})
    brought = token(other, header={"jwk": other.as_dict(private=False)})
    assert "not signed by the issuer" in refused(reader(), brought)


def test_only_signatures_of_public_keys_can_be_asked_for() -> None:
    for wrong in ((), ("none",), ("HS256",), ("ES256", "HS256")):
        with pytest.raises(ValueError, match="algorithms are some of"):
            reader(algorithms=wrong)


@pytest.mark.parametrize("keys", [{}, {"keys": []}, {"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}, {"keys": "x"}])
def test_a_set_without_public_keys_is_refused(keys: Any) -> None:
    with pytest.raises(ValueError, match="no set of"):
        CallerTokens(issuer=ISSUER, audience=AUDIENCE, keys=keys)


def test_nothing_of_a_token_shows() -> None:
    assert "u-17" not in repr(reader().caller(token()))
    assert "crv" not in repr(reader())


# Keys from an address


@contextmanager
def serving(answers: list[tuple[int, bytes]]) -> Iterator[tuple[str, list[str]]]:
    """Serve *answers* in turn, the last one again and again; yield the address, and what was asked."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = answers[min(len(asked), len(answers) - 1)]
            asked.append(self.path)
            self.send_response(status)
            if status == 302:
                self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/keys", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Clock:
    def __init__(self) -> None:
        self.now = float(NOW)

    def __call__(self) -> float:
        return self.now


def fetching(address: str, clock: Clock) -> CallerTokens:
    return CallerTokens(issuer=ISSUER, audience=AUDIENCE, keys=address, now=clock, leeway=10**6)


def encoded(*keys: Any) -> bytes:
    return json.dumps(keys_of(*keys)).encode()


def test_keys_are_fetched_once_and_kept() -> None:
    clock = Clock()
    with serving([(200, encoded(FIRST))]) as (address, asked):
        tokens = fetching(address, clock)
        assert tokens.caller(token()) == tokens.caller(token()) == SignedIn("u-17")
        assert asked == ["/keys"]
        clock.now += 3_601
        assert tokens.caller(token())
        assert len(asked) == 2


def test_a_new_key_is_fetched_when_a_token_names_it() -> None:
    clock = Clock()
    with serving([(200, encoded(FIRST)), (200, encoded(FIRST, SECOND))]) as (address, asked):
        tokens = fetching(address, clock)
        assert tokens.caller(token())
        clock.now += 61
        assert tokens.caller(token(SECOND)) == SignedIn("u-17")
        assert len(asked) == 2


def test_unknown_keys_do_not_have_the_issuer_asked_again_and_again() -> None:
    clock = Clock()
    with serving([(200, encoded(FIRST))]) as (address, asked):
        tokens = fetching(address, clock)
        for _ in range(5):
            assert "not signed by the issuer" in refused(tokens, token(SECOND))
        assert len(asked) == 1
        clock.now += 61
        refused(tokens, token(SECOND))
        assert len(asked) == 2


def test_a_key_that_is_here_does_not_wait_for_one_that_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, begun, ends = Clock(), threading.Event(), threading.Event()
    with serving([(200, encoded(FIRST))]) as (address, _):
        tokens = fetching(address, clock)
        assert tokens.caller(token())

    def hang(_address: str) -> None:
        begun.set()
        ends.wait(10)

    monkeypatch.setattr("promptspec.safety.tokens._fetched", hang)
    clock.now += 61
    stranger = threading.Thread(target=refused, args=(tokens, token(SECOND)))
    stranger.start()
    known = threading.Thread(target=tokens.caller, args=(token(),))
    try:
        assert begun.wait(10)
        known.start()
        known.join(5)
        assert not known.is_alive()
    finally:
        ends.set()
        stranger.join()
        known.join()


def test_keys_are_used_on_for_a_day_while_their_address_does_not_answer() -> None:
    clock = Clock()
    with serving([(200, encoded(FIRST)), (500, b"")]) as (address, _):
        tokens = fetching(address, clock)
        assert tokens.caller(token())
        clock.now += 80_000
        assert tokens.caller(token())
        clock.now += 10_000
        assert refused(tokens, token()) == "the keys of the issuer cannot be had"


@pytest.mark.parametrize(
    "answer", [(500, b""), (302, b""), (200, b"[]"), (200, b"{"), (200, b'{"keys": []}'), (200, b" " * 300_000)]
)
def test_an_address_that_gives_no_keys_lets_nobody_in(answer: tuple[int, bytes]) -> None:
    with serving([answer]) as (address, asked):
        assert refused(fetching(address, Clock()), token()) == "the keys of the issuer cannot be had"
        assert asked == ["/keys"]


@pytest.mark.parametrize("address", ["http://id.example.org/keys", "file:///etc/keys", "ftp://x", "", "keys"])
def test_keys_come_from_addresses_that_can_be_trusted(address: str) -> None:
    with pytest.raises(ValueError, match="keys are fetched from an `https` address"):
        CallerTokens(issuer=ISSUER, audience=AUDIENCE, keys=address)


async def _asked(tokens: CallerTokens) -> SignedIn:
    return await tokens.acaller(token())


def test_tokens_are_read_from_asynchronous_code() -> None:
    import asyncio

    assert asyncio.run(_asked(reader())) == SignedIn("u-17")
