"""The second half of `promptspec source pull`: vectors of the rows that shortlists by embedding look through."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from promptspec.cli.ending import OUTSIDE, REFUSED, Stop

if TYPE_CHECKING:
    from pathlib import Path

    from promptspec.cli.desk import Desk
    from promptspec.cli.sources import Named
    from promptspec.contract.feature import Embedding

#: Texts of one request, seconds that it may take, and how often it is asked again.
_AT_ONCE: Final = 64
_SECONDS: Final = 60.0
_RETRIES: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A source and the model that makes vectors of its rows."""

    named: Named
    embedding: Embedding

    @property
    def path(self) -> Path:
        """Where the vectors belong."""
        return self.named.compilation.project.root / self.embedding.path


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedded:
    """What came of it: how many texts there are, how many of them had no vector, and how many vectors have no text."""

    wanted: Wanted
    texts: int
    made: int
    dropped: int
    dimensions: int

    @property
    def changed(self) -> bool:
        """Whether the file is, or would be, another than before."""
        return bool(self.made or self.dropped)

    def facts(self) -> Mapping[str, Any]:
        """Return it as JSON has it."""
        return {
            "source": self.wanted.named.source.name,
            "model": self.wanted.embedding.model.name,
            "texts": self.texts,
            "made": self.made,
            "dropped": self.dropped,
            "dimensions": self.dimensions,
            "path": self.wanted.embedding.path,
        }

    def say(self, desk: Desk, *, check: bool) -> None:
        """Tell it to people."""
        from promptspec.diagnostics.foreign import escape

        facts = self.facts()
        desk.say(f"{escape(facts['source'])}: vectors by {escape(facts['model'])}")
        desk.say(f"  texts   {self.texts:,}")
        desk.say(f"  {'missing' if check else 'made   '} {self.made:,}")
        desk.say(f"  {'surplus' if check else 'dropped'} {self.dropped:,}")
        if not check and self.changed:
            desk.say(f"  written {escape(facts['path'])}")


def wanted_of(desk: Desk, text: str, *, json: bool) -> list[Wanted]:
    """Return what `SPEC` or `SPEC:SOURCE` needs vectors of, each once."""
    from promptspec.cli.sources import sources_of

    found: dict[str, Wanted] = {}
    for named in sources_of(desk, text, json=json):
        for unit in named.compilation.units:
            for feature in unit.module.features if unit.module else ():
                for each in feature.shortlists:
                    same = (each.source, each.file) == (named.source.name, named.source.origin.file)
                    if same and each.embedding is not None:
                        found[each.embedding.path] = Wanted(named=named, embedding=each.embedding)
    return list(found.values())


def embed(desk: Desk, wanted: Wanted, *, check: bool) -> Embedded:
    """Make the vectors that are missing, and write them with those that are still of use; with *check* only count.

    Stops where the model gives none.
    """
    from promptspec.sources.vectors import text_hash, write_vectors

    texts = {text_hash(text): text for text in _texts(desk, wanted)}
    known = _known(wanted)
    missing = [each for each in texts if each not in known]
    made: dict[bytes, Sequence[float]] = {each: vector for each, vector in known.items() if each in texts}
    dropped = len(known) - len(made)
    if not check and (missing or dropped):
        if not wanted.path.parent.resolve().is_relative_to(wanted.named.compilation.project.root):
            raise Stop(REFUSED, "the folder `snapshots` lies outside the project")
        for vectors in _asked(wanted, {each: texts[each] for each in missing}):
            made |= vectors
        try:
            wanted.path.parent.mkdir(parents=True, exist_ok=True)
            write_vectors(wanted.path, wanted.embedding.model.name, made)
        except ValueError:
            raise Stop(
                REFUSED,
                f"`{wanted.embedding.model.name}` makes vectors of another size than before",
                help=f"remove `{wanted.embedding.path}`, so that all are made anew",
            ) from None
        except OSError as error:
            raise Stop(OUTSIDE, f"the vectors cannot be written: {error.strerror or type(error).__name__}") from None
    size = len(next(iter(made.values()), ()))
    return Embedded(wanted=wanted, texts=len(texts), made=len(missing), dropped=dropped, dimensions=size)


def _texts(desk: Desk, wanted: Wanted) -> Iterator[str]:
    from promptspec.cli.sources import open_named
    from promptspec.sources.finding import searched_text
    from promptspec.sources.vectors import embedded_text

    source = wanted.named.source
    columns = [column.name for column in source.columns]
    searched = [columns.index(column.name) for column in source.searched]
    for row in open_named(desk, wanted.named).snapshot.rows():
        text = embedded_text(searched_text(row, searched))
        if text:
            yield text


def _known(wanted: Wanted) -> dict[bytes, Sequence[float]]:
    """Return the vectors that are there, if the same model made them; none where the file is none of ours."""
    from promptspec.errors import SourceUnavailable
    from promptspec.sources.vectors import VectorFile

    try:
        file = VectorFile(wanted.path)
        return file.all() if file.facts.model == wanted.embedding.model.name else {}
    except SourceUnavailable:
        return {}


def _asked(wanted: Wanted, texts: Mapping[bytes, str]) -> Iterator[dict[bytes, Sequence[float]]]:
    """Yield the vectors of *texts*, one request after the other."""
    from promptspec.errors import PromptspecError
    from promptspec.models.asking import ask_models
    from promptspec.models.loop import run
    from promptspec.runtime.host import HOST
    from promptspec.runtime.nearest import ask_about

    model = _model(wanted).connect(HOST, purpose="embedding")
    listed = list(texts.items())
    for at in range(0, len(listed), _AT_ONCE):
        some = listed[at : at + _AT_ONCE]
        ask = ask_about(tuple(text for _, text in some))
        try:
            answer = run(
                lambda ask=ask: ask_models(
                    (model,),
                    lambda: ask,
                    retries=_RETRIES,
                    deadline=HOST.clock.monotonic() + _SECONDS,
                    clock=HOST.clock,
                    entropy=HOST.entropy,
                )
            )
        except PromptspecError as error:
            raise Stop(OUTSIDE, f"no vectors of `{wanted.named.source.name}`: {error.detail or error}") from None
        yield {each: vector for (each, _), vector in zip(some, answer.vectors, strict=True)}


def _model(wanted: Wanted) -> Any:
    """Return the model as modules name it."""
    from promptspec.contract.models import Environment
    from promptspec.runtime.plan import Env, OpenAI

    model = wanted.embedding.model
    url = model.base_url
    return OpenAI(
        name=model.name,
        server=model.server,
        api=model.api,
        structured=model.structured,
        base_url=Env(url.name) if isinstance(url, Environment) else url,
        key=Env(model.key.name) if model.key else None,
        hosts=wanted.named.compilation.project.settings.hosts,
    )
