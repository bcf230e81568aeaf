"""Models of OpenAI, and of servers with its API."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, TypeVar

from promptspec.models import decisions, embeddings, moderations
from promptspec.models.decisions import encode_decisions, read_decisions
from promptspec.models.embeddings import encode_embedding, read_embedding
from promptspec.models.failures import failure_of_status
from promptspec.models.moderations import encode_moderation, read_moderation
from promptspec.models.origins import find_key, find_origin
from promptspec.models.port import Answer, Ask, Unavailable
from promptspec.models.replies import read_answer, refusal
from promptspec.models.requests import RequestForms
from promptspec.models.servers import SERVERS, Api, Server, Structured
from promptspec.models.streams import Events, More, reader_of

if TYPE_CHECKING:
    import httpx2

    from promptspec.errors import ReplyRefused
    from promptspec.models.clients import Client
    from promptspec.models.transport import Opened

T = TypeVar("T")

_SMALLEST_LIMIT = 64 * 1024
_LARGER_THAN_LARGEST = 8

_PATHS: Mapping[Api, str] = {"chat": "/chat/completions", "responses": "/responses"}

#: What a model is asked for: replies, probabilities under `/decisions`, findings under `/moderations`, or vectors under
#: `/embeddings`.
Purpose: TypeAlias = Literal["replies", "decisions", "moderation", "embedding"]
_PURPOSES: Final[Mapping[Purpose, str]] = {
    "decisions": decisions.PATH,
    "moderation": moderations.PATH,
    "embedding": embeddings.PATH,
}

#: Kinds of servers that the conventions of telemetry have another name for.
_PROVIDERS: Final = {"azure": "azure.ai.openai"}


class OpenAIModel:
    """One model behind OpenAI's chat or Responses API. It sends one request an ask, and never retries by itself.

    *hosts* are the hosts that the project allows (`host`, or `host:port`). *environment* is where keys, and a base
    URL that is not written out, are looked up at each ask. *transport* stands in for the network in tests. *purpose*
    says what it is asked for.
    """

    def __init__(
        self,
        *,
        name: str,
        server: str,
        api: Api,
        structured: Structured,
        base_url: str | None = None,
        base_url_env: str | None = None,
        key_env: str | None = None,
        temperature: Decimal | None = None,
        effort: str | None = None,
        hosts: tuple[str, ...] = (),
        environment: Mapping[str, str],
        transport: httpx2.AsyncBaseTransport | None = None,
        purpose: Purpose = "replies",
    ) -> None:
        self._name = name
        self._server = SERVERS[server]
        self._api: Api = api
        self._base_url = base_url
        self._base_url_env = base_url_env
        self._key_env = key_env
        self._hosts = hosts
        self._environment = environment
        self._transport = transport
        self._purpose: Purpose = purpose
        self._path = _PURPOSES.get(purpose, _PATHS[api])
        self._forms = RequestForms(
            name=name,
            api=api,
            endpoint=self._server.endpoint(api),
            structured=structured,
            temperature=temperature,
            effort=effort,
        )

    @property
    def name(self) -> str:
        """The model's name, as the server knows it."""
        return self._name

    @property
    def server(self) -> Server:
        """What the kind of server understands."""
        return self._server

    @property
    def provider(self) -> str:
        """The kind of server, as the conventions of telemetry name it."""
        return _PROVIDERS.get(self._server.name, self._server.name)

    def __repr__(self) -> str:
        return f"OpenAIModel({self._name!r}, server={self._server.name!r}, api={self._api!r})"

    async def ask(self, ask: Ask, *, seconds: float) -> Answer:
        """Send one request and return the answer.

        Raises Unavailable, ReplyRefused, and TimeoutError when *seconds* have passed, however the server spends them.
        """
        import asyncio

        async with asyncio.timeout(seconds):  # the import of the client libraries at the first call counts too
            client = await self._client()
            limit = max(_SMALLEST_LIMIT, _LARGER_THAN_LARGEST * ask.largest_reply)
            received = await self._exchange(client, self._encoded(ask), limit)
        # Raised out here and not where it was caught: the errors of the libraries hold headers and server text.
        if not isinstance(received, bytes):
            raise received
        if self._purpose == "moderation":
            return read_moderation(received, ask, model=self._name)
        if self._purpose == "embedding":
            return read_embedding(received, ask, model=self._name)
        if self._purpose == "decisions":
            return read_decisions(received, ask, model=self._name)
        return read_answer(received, api=self._api, model=self._name)

    def _encoded(self, ask: Ask) -> bytes:
        if self._purpose == "moderation":
            return encode_moderation(ask, model=self._name)
        if self._purpose == "embedding":
            return encode_embedding(ask, model=self._name)
        if self._purpose == "decisions":
            return encode_decisions(ask, model=self._name, user=self._server.endpoint("responses").user)
        return self._forms.encode(ask)

    async def stream(self, ask: Ask, *, seconds: float, more: More) -> Answer:
        """Send one request as `ask` does, for a stream; *more* is told of each piece of the text as it comes.

        A server that answers with one JSON document all the same is read as `ask` reads it.
        """
        import asyncio

        async with asyncio.timeout(seconds):
            client = await self._client()
            limit = max(_SMALLEST_LIMIT, _LARGER_THAN_LARGEST * ask.largest_reply)
            opened = await self._guarded(client.open(_PATHS[self._api], self._forms.encode(ask, streamed=True)))
            if isinstance(opened, Exception):
                raise opened
            try:
                return await self._read_stream(opened, limit, more)
            finally:
                await opened.close()

    async def _read_stream(self, opened: Opened, limit: int, more: More) -> Answer:
        kind = opened.headers.get("content-type", "").partition(";")[0].strip().lower()
        if opened.status != 200 or kind == "application/json":
            body = await self._rest_of(opened, limit)
            if opened.status != 200:
                raise failure_of_status(opened.status, opened.headers, body or b"", model=self._name)
            if body is None:
                raise refusal("too_large")
            answer = read_answer(body, api=self._api, model=self._name)
            more(answer.text)
            return answer
        if kind != "text/event-stream":
            raise refusal("malformed")
        events = Events(largest=limit)
        reader = reader_of(self._api, model=self._name, largest=limit, more=more)
        while data := await self._more_of(opened):
            for event in events.feed(data):
                answer = reader.take(event)
                if answer is not None:
                    return answer
        return reader.end()

    async def _rest_of(self, opened: Opened, limit: int) -> bytes | None:
        """Return what is left of a body, None where it is larger than *limit*."""
        body = b""
        while data := await self._more_of(opened):
            body += data
            if len(body) > limit:
                return None
        return body

    async def _more_of(self, opened: Opened) -> bytes:
        data = await self._guarded(opened.more())
        # Raised out here and not where it was caught: the errors of the libraries hold headers and server text.
        if isinstance(data, Exception):
            raise data
        return data

    async def _client(self) -> Client:
        origin = find_origin(
            base_url=self._base_url,
            base_url_env=self._base_url_env,
            hosts=self._hosts,
            environment=self._environment,
        )
        key = find_key(origin=origin, key_env=self._key_env, environment=self._environment)

        from promptspec.models.clients import client_for

        return await client_for(origin, key, self._transport)

    async def _exchange(self, client: Client, body: bytes, limit: int) -> bytes | Unavailable | ReplyRefused:
        """Return the body of a 200 response, or the error that stands for whatever else happened."""
        received = await self._guarded(client.send(self._path, body, largest=limit))
        if isinstance(received, Exception):
            return received
        if received.status == 200:
            return received.body
        return failure_of_status(received.status, received.headers, received.body, model=self._name)

    async def _guarded(self, exchange: Awaitable[T]) -> T | Unavailable | ReplyRefused:
        """Return what comes of an *exchange* with the server, or the error that stands for what happened instead."""
        import httpx2

        from promptspec.models.transport import BodyEncoded, BodyTooLarge

        try:
            return await exchange
        except (httpx2.HTTPError, OSError) as error:
            return Unavailable(f"no connection to the server of {self._name} ({_kind_of(error)})", again=True)
        except BodyTooLarge:
            return refusal("too_large")
        except BodyEncoded:
            return refusal("malformed")
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001  nothing of the libraries may escape
            return Unavailable(f"the client failed ({type(error).__name__})", again=False)


def _kind_of(error: BaseException) -> str:
    """Return the name of what happened; the texts of these errors are foreign."""
    return str(error) if type(error).__name__ == "NetworkError" else type(error).__name__
