"""Models as written to models as checked: settings, hosts, and how a reply's form is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, cast

from promptspec.check.addresses import environment_of, may_reach
from promptspec.check.desk import Desk
from promptspec.check.scope import Scope, article
from promptspec.contract.models import Environment, Model, OpenAIModel, RehearsalModel
from promptspec.diagnostics import Label, did_you_mean
from promptspec.models.origins import read_origin
from promptspec.models.servers import SERVERS, Refusal, decide_structured, default_server
from promptspec.syntax import tree
from promptspec.text import Span

_SETTINGS = ("server", "api", "base_url", "key", "structured", "temperature", "effort")
#: Those that say how replies are asked for.
_OF_REPLIES = ("api", "structured", "temperature", "effort")
_MODES = ("auto", "json_schema", "grammar", "json_object", "prompt")
_EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh")


@dataclass(frozen=True, slots=True)
class NeedsStrict:
    """A model that insists, at *span*, on a strict schema, which its feature does not have."""

    span: Span


class Models:
    """Resolves the models of one file; *fits_strict* of a feature's schema decides how replies are structured."""

    def __init__(self, desk: Desk, scope: Scope) -> None:
        self._desk = desk
        self._scope = scope
        self._circular: set[str] = set()

    def check(self, declared: tree.ModelDeclaration) -> None:
        """Report what is wrong with a declared model, whether a feature uses it or not."""
        self._chain(declared, fits_strict=True, open=())

    def of(
        self, clause: tree.ModelClause | tree.JudgeClause, *, fits_strict: bool
    ) -> tuple[Model, ...] | NeedsStrict | None:
        """Return the models that a clause names, in the order in which they are asked; None after a report.

        NeedsStrict is left to the feature, which knows the part of its output that is at fault.
        """
        if isinstance(clause.model, tree.StringLiteral):
            return _alone(self._openai(clause.model, {}, clause.span, fits_strict=fits_strict))
        declared = self._named(clause.model)
        return None if declared is None else self._chain(declared, fits_strict=fits_strict, open=())

    def named(self, name: tree.Name) -> tuple[Model, ...] | None:
        """Return the models behind a declared *name*, whose replies need no schema; None after a report."""
        declared = self._named(name)
        found = None if declared is None else self._chain(declared, fits_strict=True, open=())
        return None if isinstance(found, NeedsStrict) else found

    def embedding(self, name: tree.Name) -> OpenAIModel | None:
        """Return the one model behind a declared *name*, of which vectors are asked; None after a report."""
        declared = self._named(name)
        if declared is None:
            return None
        if declared.kind.text in ("first", "rehearsal"):
            self._desk.add(
                "PS322",
                name.span,
                f"`{name.text}` is not one model that makes vectors",
                labels=[Label(span=declared.name.span, message="declared here")],
                help="name a model of `openai(…)`: vectors of two models cannot be compared",
            )
            return None
        for setting in declared.settings:
            if setting.name.text in _OF_REPLIES:
                self._desk.add(
                    "PS322",
                    setting.name.span,
                    f"`{setting.name.text}` means nothing to a model that makes vectors",
                    labels=[Label(span=name.span, message="it makes vectors here")],
                    help="drop it, or declare a model of its own for `by embedding`",
                )
                return None
        found = self._chain(declared, fits_strict=True, open=())
        only = found[0] if isinstance(found, tuple) else None
        return only if isinstance(only, OpenAIModel) else None

    def plain(self, name: str, span: Span) -> OpenAIModel | None:
        """Return the model of OpenAI that is called *name*, as `model "…"` at *span* would be."""
        written = tree.StringLiteral(value=name, span=span)
        found = self._openai(written, {}, span, fits_strict=True)
        return found if isinstance(found, OpenAIModel) else None

    def _named(self, name: tree.Name) -> tree.ModelDeclaration | None:
        scope = self._scope.files.get(name.span.file, self._scope)  # a name means what it means where it is written
        declared = scope.declarations.get(name.text)
        if isinstance(declared, tree.ModelDeclaration):
            return declared
        known = [n for n in scope.declarations if scope.kind(n) == "model"]
        what = scope.kind(name.text)
        if name.text in scope.lost:
            return None
        self._desk.add(
            "PS202",
            name.span,
            f"there is no model `{name.text}`" if what is None else f"`{name.text}` is {article(what)}, not a model",
            help=did_you_mean(name.text, known)
            or ((f'declare it: `model {name.text} = openai("…")`, or name one in quotes',) if what is None else ()),
        )
        return None

    def _chain(
        self, declared: tree.ModelDeclaration, *, fits_strict: bool, open: tuple[str, ...]
    ) -> tuple[Model, ...] | NeedsStrict | None:
        kind = declared.kind.text
        if kind == "rehearsal":
            if declared.arguments or declared.settings:
                self._desk.add("PS803", declared.span, "`rehearsal()` takes nothing")
                return None
            return (RehearsalModel(origin=self._desk.origin(declared.span)),)
        if kind == "first":
            return self._first(declared, fits_strict=fits_strict, open=open)
        if kind != "openai":
            self._desk.add(
                "PS803",
                declared.kind.span,
                f"there is no kind of model `{kind}`",
                help=did_you_mean(kind, ("openai", "first", "rehearsal"))
                or "write `openai(…)`, `first a, b` or `rehearsal()`",
            )
            return None
        name = declared.arguments[0] if len(declared.arguments) == 1 else None
        if not isinstance(name, tree.StringLiteral):
            self._desk.add(
                "PS803", declared.span, "`openai` takes the name of one model", help='write `openai("gpt-5.6-luna")`'
            )
            return None
        settings = self._settings(declared)
        if settings is None:
            return None
        return _alone(self._openai(name, settings, declared.span, fits_strict=fits_strict))

    def _first(
        self, declared: tree.ModelDeclaration, *, fits_strict: bool, open: tuple[str, ...]
    ) -> tuple[Model, ...] | NeedsStrict | None:
        if declared.name.text in open:
            if not self._circular & set(open):
                self._circular |= set(open)
                self._desk.add(
                    "PS808",
                    declared.span,
                    f"`{declared.name.text}` leads back to itself",
                    help="name other models behind `first`",
                )
            return None
        found: list[Model] = []
        for member in declared.members:
            inner = self._named(member)
            chain = (
                None if inner is None else self._chain(inner, fits_strict=fits_strict, open=(*open, declared.name.text))
            )
            if not isinstance(chain, tuple):
                return chain
            found.extend(chain)
        if any(isinstance(model, RehearsalModel) for model in found):
            self._desk.add(
                "PS808",
                declared.span,
                "a rehearsal is never a silent fallback",
                help="take it out of `first`; set `PROMPTSPEC_REHEARSE=1` to rehearse",
            )
            return None
        return tuple(found)

    def _settings(self, declared: tree.ModelDeclaration) -> Mapping[str, tree.Setting] | None:
        found: dict[str, tree.Setting] = {}
        for setting in declared.settings:
            name = setting.name.text
            if name not in _SETTINGS:
                self._desk.add(
                    "PS803",
                    setting.name.span,
                    f"a model has no setting `{name}`",
                    help=did_you_mean(name, _SETTINGS) or "settings are " + ", ".join(f"`{s}`" for s in _SETTINGS),
                )
                return None
            if name in found:
                self._desk.add(
                    "PS201",
                    setting.name.span,
                    f"`{name}` is set twice",
                    labels=[Label(span=found[name].span, message="first set here")],
                    help="drop one of them",
                )
                return None
            found[name] = setting
        return found

    def _openai(
        self, name: tree.StringLiteral, settings: Mapping[str, tree.Setting], span: Span, *, fits_strict: bool
    ) -> OpenAIModel | NeedsStrict | None:
        if not name.value.strip() or len(name.value) > 200:
            self._desk.add("PS803", name.span, "a model's name has 1 to 200 characters")
            return None
        before = len(self._desk.report.errors)
        base_url = self._base_url(settings.get("base_url"))
        key = self._key(settings.get("key"))
        literal = base_url if isinstance(base_url, str) else None
        server = self._word(settings.get("server"), tuple(SERVERS)) or default_server(
            "" if isinstance(base_url, Environment) else literal
        )
        api = self._word(settings.get("api"), ("responses", "chat")) or ("responses" if server == "openai" else "chat")
        asked = self._word(settings.get("structured"), _MODES) or "auto"
        effort = self._word(settings.get("effort"), _EFFORTS)
        temperature = settings.get("temperature")
        if temperature is not None and not (
            isinstance(temperature.value, tree.NumberLiteral) and 0 <= temperature.value.value <= 2
        ):
            self._desk.add(
                "PS803", temperature.span, "`temperature` is a number from 0 to 2", help="write `temperature 0.2`"
            )
        if key is not None and "base_url" not in settings and server != "openai":
            self._desk.add("PS803", settings["key"].span, "a key of its own needs a `base_url` of its own")
        if len(self._desk.report.errors) > before:
            return None
        decided = decide_structured(server, cast("Literal['responses', 'chat']", api), asked, fits_strict)
        if isinstance(decided, Refusal):
            place = settings["structured"].span if "structured" in settings else span
            if not fits_strict and asked == "json_schema" and "profile" in decided.reason:
                return NeedsStrict(place)
            self._desk.add(
                "PS502", place, decided.reason, help="write `structured auto` to take the strongest that there is"
            )
            return None
        return OpenAIModel(
            name=name.value,
            server=server,
            api=cast("Literal['responses', 'chat']", api),
            base_url=base_url,
            key=key,
            structured=decided[0],
            structured_because=decided[1],
            temperature=temperature.value.value
            if temperature and isinstance(temperature.value, tree.NumberLiteral)
            else None,
            effort=effort,
            origin=self._desk.origin(span),
        )

    def _word(self, setting: tree.Setting | None, known: tuple[str, ...]) -> str | None:
        if setting is None:
            return None
        value = setting.value
        word = (
            value.name
            if isinstance(value, tree.WordLiteral)
            else "none"
            if isinstance(value, tree.NoneLiteral)
            else None
        )
        if word is None or word not in known:
            self._desk.add(
                "PS803",
                value.span,
                f"`{setting.name.text}` does not take this",
                help=(did_you_mean(word, known) if word else ()) or f"it takes {', '.join(f'`{k}`' for k in known)}",
            )
            return None
        return word

    def _key(self, setting: tree.Setting | None) -> Environment | None:
        if setting is None:
            return None
        if not isinstance(setting.value, tree.EnvCall):
            self._desk.add(
                "PS805",
                setting.value.span,
                "a key stands in an environment variable, never in a spec",
                help='write `key env("LLM_KEY")`, and change the key if this one was real',
            )
            return None
        return environment_of(self._desk, setting.value)

    def _base_url(self, setting: tree.Setting | None) -> str | Environment | None:
        if setting is None:
            return None
        if isinstance(setting.value, tree.EnvCall):
            return environment_of(self._desk, setting.value)
        if not isinstance(setting.value, tree.StringLiteral):
            self._desk.add("PS803", setting.value.span, "`base_url` is a string or `env(…)`")
            return None
        url = setting.value.value
        authority = url.partition("://")[2].partition("/")[0]
        if "@" in authority or "?" in url:
            self._desk.add("PS805", setting.value.span, "an address in a spec holds no credentials and no query")
            return None
        origin = read_origin(url)
        if origin is None or not 0 < origin.port < 65_536:
            self._desk.add(
                "PS803", setting.value.span, "this is no address", help='write `base_url "https://llm.example.org/v1"`'
            )
            return None
        if not origin.is_openai and not may_reach(self._desk, setting.value.span, origin):
            return None
        return url


def _alone(model: Model | NeedsStrict | None) -> tuple[Model, ...] | NeedsStrict | None:
    """Return a chain of one model."""
    return model if model is None or isinstance(model, NeedsStrict) else (model,)
