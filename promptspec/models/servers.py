"""Kinds of servers with OpenAI's API: what each understands, as dated data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeAlias

Api: TypeAlias = Literal["chat", "responses"]
Structured: TypeAlias = Literal["json_schema", "grammar", "json_object", "prompt"]

#: From the strongest to the weakest promise of a server about the form of a reply.
STRONGEST_FIRST: tuple[Structured, ...] = ("json_schema", "grammar", "json_object", "prompt")

#: OpenAI's own API, the only place that `OPENAI_API_KEY` is ever sent to.
OPENAI_BASE_URL = "https://api.openai.com/v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One API of a kind of server.

    *cap* names the parameter that bounds the reply, *user* those that carry the caller's hash, *store* says whether
    `store: false` is sent, *structured* lists the modes that the server takes, and *grammar* is the path of keys
    under which it takes a grammar. *stream_usage* says whether it has to be asked to count tokens in a stream, with
    `stream_options`, and knows that; the Responses API does so unasked.
    """

    cap: str
    user: tuple[str, ...]
    store: bool
    structured: tuple[Structured, ...]
    grammar: tuple[str, ...] = ()
    stream_usage: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A kind of server, as it was on *seen*.

    *plain_content* says that the text of a message is known to stay text, so that no spelling in it can become a
    control token of the model; only then are roles claimed beyond the JSON of the request.
    """

    name: str
    seen: date
    chat: Endpoint
    responses: Endpoint
    plain_content: bool
    #: The models that answer under `/decisions`; none where the server has no such endpoint.
    decisions: tuple[str, ...] = ()
    #: Whether a request for a reply may ask for moderation, which comes back beside the answer.
    moderates_inline: bool = False

    def endpoint(self, api: Api) -> Endpoint:
        """Return what the server understands under *api*."""
        return self.chat if api == "chat" else self.responses

    @property
    def claims_roles(self) -> bool:
        """Whether roles hold without looking for control tokens in open values (rule 7)."""
        return self.plain_content


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A mode that was asked for and cannot be had, and why."""

    reason: str


# `store` is sent where the protocol's default is to keep (the Responses API) and where the parameter is known; servers
# that neither know nor keep are left alone, since some answer 400 to a parameter that they do not know.
_SERVERS = (
    Server(
        name="openai",
        seen=date(2026, 11, 1),
        chat=Endpoint(
            cap="max_completion_tokens",
            user=("safety_identifier",),
            store=True,
            structured=("json_schema", "json_object", "prompt"),
            stream_usage=True,
        ),
        responses=Endpoint(
            cap="max_output_tokens",
            user=("safety_identifier",),
            store=True,
            structured=("json_schema", "json_object", "prompt"),
        ),
        plain_content=True,
        decisions=("gpt-6-luna",),
        moderates_inline=True,
    ),
    Server(
        name="azure",
        seen=date(2026, 11, 1),
        chat=Endpoint(
            cap="max_completion_tokens",
            user=("user",),
            store=True,
            structured=("json_schema", "json_object", "prompt"),
            stream_usage=True,
        ),
        responses=Endpoint(
            cap="max_output_tokens",
            user=("user",),
            store=True,
            structured=("json_schema", "json_object", "prompt"),
        ),
        plain_content=True,
    ),
    Server(
        name="llama_cpp",
        seen=date(2026, 11, 1),
        chat=Endpoint(
            cap="max_tokens",
            user=("user",),
            store=False,
            structured=("json_schema", "grammar", "json_object", "prompt"),
            grammar=("grammar",),
            stream_usage=True,
        ),
        # It takes `text.format` under responses and silently ignores it.
        responses=Endpoint(cap="max_output_tokens", user=("user",), store=True, structured=("prompt",)),
        plain_content=False,
    ),
    Server(
        name="vllm",
        seen=date(2026, 11, 1),
        # `guided_grammar` and its kin were removed in 0.12; `structured_outputs` took their place.
        chat=Endpoint(
            cap="max_tokens",
            user=("user",),
            store=False,
            structured=("json_schema", "grammar", "json_object", "prompt"),
            grammar=("structured_outputs", "grammar"),
            stream_usage=True,
        ),
        responses=Endpoint(cap="max_output_tokens", user=("user",), store=True, structured=("json_schema", "prompt")),
        plain_content=False,
    ),
    Server(
        name="ollama",
        seen=date(2026, 11, 1),
        chat=Endpoint(
            cap="max_tokens",
            user=("user",),
            store=False,
            structured=("json_schema", "json_object", "prompt"),
            stream_usage=True,
        ),
        # Its documentation lists no `text.format`.
        responses=Endpoint(cap="max_output_tokens", user=("user",), store=True, structured=("prompt",)),
        plain_content=False,
    ),
    Server(
        name="litellm",
        seen=date(2026, 11, 1),
        chat=Endpoint(
            cap="max_tokens",
            user=("user",),
            store=False,
            structured=("json_schema", "json_object", "prompt"),
            stream_usage=True,
        ),
        responses=Endpoint(cap="max_output_tokens", user=("user",), store=True, structured=("json_schema", "prompt")),
        plain_content=False,
    ),
    Server(
        name="other",
        seen=date(2026, 11, 1),
        chat=Endpoint(cap="max_tokens", user=("user",), store=False, structured=("prompt",)),
        responses=Endpoint(cap="max_output_tokens", user=("user",), store=True, structured=("prompt",)),
        plain_content=False,
    ),
)

#: Every kind of server by its name in specs.
SERVERS: dict[str, Server] = {server.name: server for server in _SERVERS}


def default_server(base_url: str | None) -> str:
    """Return the kind of server behind *base_url* where a spec names none: `openai` at OpenAI's own origin."""
    if base_url is None:
        return "openai"
    origin = "https://api.openai.com"
    rest = base_url.lower().removeprefix(origin)
    at_home = rest != base_url.lower() and (rest == "" or rest.startswith(("/", ":443/")) or rest == ":443")
    return "openai" if at_home else "other"


def decide_structured(server: str, api: Api, asked: str, fits_strict: bool) -> tuple[Structured, str] | Refusal:
    """Return how the form of a reply is asked for, and why; or why what was *asked* cannot be had.

    *asked* is `auto` or one of the modes. *fits_strict* says whether the wire schema fits the strict profile.
    Nothing is downgraded silently: only `auto` chooses.
    """
    takes = SERVERS[server].endpoint(api).structured
    if asked == "auto":
        return _strongest(server, api, takes, fits_strict)
    mode = next((known for known in STRONGEST_FIRST if known == asked), None)
    if mode is None:
        return Refusal(reason=f"there is no structured mode `{asked}`")
    if mode not in takes:
        return Refusal(reason=f"`{server}` takes no `{mode}` under `api {api}`; it takes {_listed(takes)}")
    if mode == "json_schema" and not fits_strict:
        return Refusal(reason="the reply's schema does not fit the strict profile that `json_schema` needs")
    return mode, "the spec asks for it"


def _strongest(server: str, api: Api, takes: tuple[Structured, ...], fits_strict: bool) -> tuple[Structured, str]:
    possible = tuple(mode for mode in takes if mode != "json_schema" or fits_strict)
    mode: Structured = next(mode for mode in STRONGEST_FIRST if mode in possible)
    if mode == STRONGEST_FIRST[0]:
        return mode, f"the schema fits the strict profile and `{server}` enforces it under `api {api}`"
    if STRONGEST_FIRST[0] in takes:
        return mode, f"the schema does not fit the strict profile; it is the next that `{server}` takes"
    return mode, f"it is the strongest that `{server}` takes under `api {api}`"


def _listed(modes: tuple[Structured, ...]) -> str:
    return ", ".join(f"`{mode}`" for mode in modes)
