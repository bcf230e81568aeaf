"""Laws about the call itself: who is told of whom, how often models are asked, what is kept."""

from __future__ import annotations

import hmac
import json
from base64 import urlsafe_b64encode
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final, cast

from promptspec.contract.models import Environment, OpenAIModel
from promptspec.contract.types import Text
from promptspec.errors import CallerRefused, ModelUnavailable
from promptspec.fuzz.delivered import leaves
from promptspec.fuzz.lies.accepted import an_honest_reply
from promptspec.fuzz.limited import look_at_limits
from promptspec.fuzz.stage import weaker_caller
from promptspec.fuzz.subjects import ID_SECRET, MODEL_SECRET, SEAL_SECRET
from promptspec.fuzz.trial import LawFell
from promptspec.live.strict_json import NOTHING
from promptspec.models.origins import OPENAI_KEY
from promptspec.models.servers import OPENAI_BASE_URL, SERVERS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from promptspec.fuzz.cases import Case
    from promptspec.fuzz.observations import Observation, Request
    from promptspec.fuzz.trial import Trial

#: Statuses after which another model, or the same once more, may be asked (rule 21).
_AGAIN: Final = frozenset({408, 409, 429, *range(500, 600)})
_ANSWERED: Final = 200
#: Calling twice costs twice, so one case in so many does: by the remainders of its seed. Cases with their own tag have
#: seeds from 7,001 on and meet both.
_ONE_IN, _SAME, _APART = 16, 9, 10
#: Calls under limits come one after another, and cost eight times as much.
_LIMITED: Final = 8
#: Where each API is, below the base URL.
_PATHS: Final = {"chat": "/chat/completions", "responses": "/responses"}
#: How the form of a reply is asked for in a field of its own; other servers are told it in words.
_FORMATS: Final = ("json_schema", "json_object")
#: What goes in place of a key to a server for which none is declared.
NO_KEY: Final = "no-key"
#: Members of a request that would let a model act, or a server remember.
_FORBIDDEN: Final = ("tools", "tool_choice", "functions", "previous_response_id", "conversation", "metadata")


def caller_stays_hidden(trial: Trial) -> bool:
    """The caller's id and every secret appear nowhere; one caller has one hash, keyed and bound to who they are."""
    seen, case = trial.observation, trial.case
    for request in (*seen.requests, *(judged.request for judged in seen.judged)):
        _hides(request, case)
        found = _hash_in(request)
        if found and found != {_hash(case.caller, account=trial.subject.feature.caller in ("signed_in", "verified"))}:
            raise LawFell("the caller's hash is not the keyed hash of this caller")
        if not found and _is_told(trial):
            raise LawFell("the request carries no hash of the caller")
    told = seen.log + seen.told + (repr(seen.reply) if seen.reply else "")
    for secret in (ID_SECRET, MODEL_SECRET, SEAL_SECRET, case.caller):
        if secret in told and not (secret == case.caller and _is_in_input(case)):
            raise LawFell("a log, a trace, an error or a reply holds a secret or the caller's id")
    return True


def _is_in_input(case: Case) -> bool:
    return case.caller in json.dumps(case.given, default=str, ensure_ascii=False)


def _hides(request: Request, case: Case) -> None:
    headers = " ".join(value for name, value in request.headers.items() if name != "authorization")
    everywhere = f"{request.url} {headers}"
    body = request.body.decode("utf-8", "replace")
    if any(secret in everywhere or secret in body for secret in (ID_SECRET, MODEL_SECRET, SEAL_SECRET)):
        raise LawFell("a request holds a secret outside of its own header")
    if case.caller in everywhere or (case.caller in body and not _is_in_input(case)):
        raise LawFell("a request holds the caller's id")


def _hash_in(request: Request) -> set[str]:
    return {str(request.content[name]) for name in ("safety_identifier", "user") if name in request.content}


def _inside(content: object, *names: str) -> object:
    """Return the member of *content* at the path *names*, None where there is none."""
    for name in names:
        content = cast("dict[str, object]", content).get(name) if isinstance(content, dict) else None
    return content


def _hash_names(request: Request) -> tuple[str, ...]:
    return tuple(name for name in ("safety_identifier", "user") if name in request.content)


@lru_cache(maxsize=256)
def _hash(caller: str, *, account: bool) -> str:
    """Return HMAC-SHA-256 of the caller's id, as docs/reference/guarantees.md describes it."""
    message = f"promptspec caller\0{'account' if account else 'session'}\0{caller}".encode("utf-8", "surrogatepass")
    digest = hmac.digest(ID_SECRET.encode(), message, "sha256")
    return "k1." + urlsafe_b64encode(digest).rstrip(b"=").decode()


def _is_told(trial: Trial) -> bool:
    """Say whether every model's server takes a hash of the caller."""
    models = _declared(trial)
    return bool(models) and all(SERVERS[model.server].endpoint(model.api).user for model in models)


def _declared(trial: Trial) -> list[OpenAIModel]:
    """Return the models that the spec declares: the module may say something else."""
    return [model for model in trial.subject.feature.models if isinstance(model, OpenAIModel)]


def limits_hold(trial: Trial) -> bool:
    """Requests never pass 1 + repairs + retries, none is sent after what asking again cannot mend, or over a limit."""
    seen = trial.observation
    limits = trial.subject.feature.limits
    most = 1 + limits.repairs + limits.retries
    if len(seen.requests) > most:
        raise LawFell(f"{len(seen.requests)} requests were sent where at most {most} are declared")
    answered = [text for status, text in zip(seen.statuses, seen.texts, strict=True) if status == 200 and text]
    if len(answered) > 1 + limits.repairs:
        raise LawFell(f"a model answered {len(answered)} times where {limits.repairs} repairs are declared")
    judged = [each for each in seen.judged if each.status == _ANSWERED]
    failed = len(seen.requests) - len(answered) + len(seen.judged) - len(judged)
    if len(judged) > len(answered):
        raise LawFell(f"a judge answered {len(judged)} times about {len(answered)} replies")
    if failed > 1 + limits.retries:
        raise LawFell(f"a model was asked {failed} times in vain where {limits.retries} retries are declared")
    for status in (*seen.statuses[:-1], *(each.status for each in seen.judged[:-1])):
        if status is not None and status >= 300 and status not in _AGAIN:
            raise LawFell(f"a model was asked again after it answered with status {status}")
    if trial.subject.feature.across and trial.case.seed % _LIMITED == 0:
        return look_at_limits(trial, trial.case.seed // _LIMITED) or bool(seen.requests)
    return bool(seen.requests)


def fallback_keeps_laws(trial: Trial) -> bool:
    """`first a, b` moves on only for connections, 408, 429 and 5xx, in order, and each is asked as it is declared."""
    seen = trial.observation
    asked = seen.asked
    declared = _declared(trial)
    if not declared or not asked:
        return False
    if list(asked) != sorted(asked) or asked[0] != 0 or asked[-1] >= len(declared):
        raise LawFell(f"models were asked in the order {asked}")
    for place, request in zip(asked, seen.requests, strict=True):
        is_asked_as_declared(request, declared[place], trial.subject.environment)
    _is_not_left_out(trial, declared)
    return True


def _is_not_left_out(trial: Trial, declared: list[OpenAIModel]) -> None:
    """Look whether the next model was asked where those before it could not be reached and a retry was left."""
    seen = trial.observation
    # A response that the client itself cannot read ends the call, whatever its status says.
    unreached = isinstance(seen.error, ModelUnavailable) and "the client failed" not in seen.error.detail
    if unreached and all(status is None or status in _AGAIN for status in seen.statuses):
        left = trial.subject.feature.limits.retries - (len(seen.asked) - 1)
        if seen.asked[-1] < len(declared) - 1 and left >= 1:
            raise LawFell(f"{declared[seen.asked[-1] + 1].name} was never asked, though nothing spoke against it")


def is_asked_as_declared(
    request: Request, model: OpenAIModel, environment: Mapping[str, str], *, path: str = ""
) -> None:
    """Look at everything of a request that its model's declaration decides; with *path* it asks for no reply."""
    content = request.content
    form = _inside(content, "response_format", "type") or _inside(content, "text", "format", "type")
    effort = _inside(content, "reasoning_effort") or _inside(content, "reasoning", "effort")
    base = model.base_url
    endpoint = SERVERS[model.server].endpoint(model.api)
    url = environment.get(base.name, "") if isinstance(base, Environment) else base or OPENAI_BASE_URL
    named = model.key.name if model.key else OPENAI_KEY if url == OPENAI_BASE_URL else ""
    key = f"Bearer {environment.get(named, NO_KEY)}"
    wanted: dict[str, tuple[object, object]] = {
        "model": (content.get("model"), model.name),
        "address": (request.url, url.rstrip("/") + (path or _PATHS[model.api])),
        "key": (request.headers.get("authorization"), key),
        "temperature": (content.get("temperature"), None if model.temperature is None else float(model.temperature)),
        "effort": (effort, model.effort),
        "name of the caller's hash": (_hash_names(request) or endpoint.user, endpoint.user),
        "form of replies": (form, model.structured if model.structured in _FORMATS and not path else None),
    }
    for name, (found, declared) in wanted.items():
        if found != declared:
            # A key stands in no report.
            raise LawFell(f"the {name} is {'another' if name == 'key' else found} where {model.name} is asked")


def nothing_is_kept(trial: Trial) -> bool:
    """Requests carry no tools and no earlier conversation, and tell the server to keep nothing."""
    models = _declared(trial)
    for place, request in zip(trial.observation.asked, trial.observation.requests, strict=True):
        found = [name for name in _FORBIDDEN if name in request.content]
        if found:
            raise LawFell(f"a request carries {', '.join(found)}")
        keeps = place < len(models) and SERVERS[models[place].server].endpoint(models[place].api).store
        if keeps and request.content.get("store") is not False:
            raise LawFell("a request does not say `store: false`")
        if request.content.get("stream"):
            raise LawFell("a request asks for a stream")
    for judged in trial.observation.judged:
        found = [name for name in _FORBIDDEN if name in judged.request.content]
        judge = trial.subject.feature.judges[judged.place]
        keeps = not judge.decisions and SERVERS[judge.model.server].endpoint(judge.model.api).store
        if (
            found
            or judged.request.content.get("stream")
            or (keeps and judged.request.content.get("store") is not False)
        ):
            raise LawFell("a request to a judge lets it act, or keep what it is asked")
    return bool(trial.observation.requests)


def same_in_same_out(trial: Trial) -> bool:
    """One input, reply, seed and clock give the same bytes on the wire and the same outcome."""
    if trial.case.seed % _ONE_IN != _SAME:
        return False
    one, two = trial.observation, trial.again(trial.case).observation
    if _bodies(one) != _bodies(two):
        raise LawFell("the same case made other requests the second time")
    if _outcome(one) != _outcome(two):
        raise LawFell("the same case ended otherwise the second time")
    return True


def _bodies(seen: Observation) -> list[bytes]:
    return [request.body for request in (*seen.requests, *(judged.request for judged in seen.judged))]


def callers_are_apart(trial: Trial) -> bool:
    """Nothing of one caller's call reaches another's: not a text, not a tag, not a hash."""
    if trial.case.seed % _ONE_IN != _APART or not trial.observation.requests:
        return False
    two = trial.again(_of_another(trial))
    other = two.observation
    _is_its_own(two)
    hashes = [_hash_in(request) for request in trial.observation.requests]
    if any(found and found in hashes for found in map(_hash_in, other.requests)):
        raise LawFell("two callers have one hash")
    if any(tag.encode() in request.body for tag in trial.tags for request in other.requests):
        raise LawFell("a tag of one caller's call stands in another's")
    if other.reply is not None and trial.observation.reply is not None and other.reply.id == trial.observation.reply.id:
        raise LawFell("two callers got one reply's id")
    return True


def _of_another(trial: Trial) -> Case:
    """Return the case as another caller's, to whom the model says something else where it says something honest."""
    case = trial.case
    lie = case.lie
    if lie.liar == "honest" and lie.reply is not None:
        lie = replace(lie, reply=an_honest_reply(trial.subject, case.given, seed=1) or lie.reply)
    return replace(case, caller=case.caller + "-other", seed=case.seed + 1, lie=lie)


def _is_its_own(trial: Trial) -> None:
    """Look whether what was returned is what this call's own model said: plain texts come through as they are."""
    reply = trial.observation.reply
    if reply is None or trial.replied is NOTHING:
        return
    for leaf in leaves(trial.subject, trial.kept, reply.value):
        plain = isinstance(leaf.type, Text) and isinstance(leaf.wire, str) and leaf.wire.isascii()
        if plain and str(leaf.wire).isprintable() and leaf.value != leaf.wire:
            raise LawFell(f"{leaf.path} was returned with a text that this call's model never said")


def weak_callers_are_refused(trial: Trial) -> bool:
    """A call by somebody of whom too little is known is refused before anything else happens."""
    weaker = weaker_caller(trial.subject, trial.case.caller)
    if weaker is None or trial.case.seed % 8 != 3:
        return False
    seen = trial.observe_as(weaker)
    if seen.requests or not isinstance(seen.error, CallerRefused):
        raise LawFell(f"a caller of level `{type(weaker).__name__}` was not refused")
    return True


def _outcome(seen: Observation) -> tuple[object, ...]:
    if seen.error is not None:
        return type(seen.error), str(seen.error)
    return (seen.reply.value, seen.reply.id) if seen.reply else ()
