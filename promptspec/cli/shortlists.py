"""How good a shortlist is on labelled texts: whether the right row is on it, how far up, and whether none is none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import typer

from promptspec.cli.ending import REFUSED, USAGE, Stop
from promptspec.cli.reporting import seen_from_here, write_problems
from promptspec.cli.targets import Target, choose, read_target

if TYPE_CHECKING:
    from promptspec.cli.desk import Desk
    from promptspec.contract.feature import Shortlist
    from promptspec.live.statistics import Interval

#: Bytes of a labelled file, and rows that are shown of those that were missed.
MOST_BYTES: Final = 16 * 1024 * 1024
_MOST_MISSED: Final = 20
_LEVELS: Final = (1, 3)


@dataclass(frozen=True, slots=True)
class Labelled:
    """A line of a labelled file: a text or an input, and the key that should be found; None where none should."""

    line: int
    question: str | None
    given: Mapping[str, object]
    key: str | None


@dataclass(frozen=True, slots=True)
class Share:
    """*hits* of *trials*, and between which shares the true one lies with 95 % confidence."""

    hits: int
    trials: int
    interval: Interval

    def data(self) -> dict[str, object]:
        """Return it as JSON has it."""
        share = self.hits / self.trials if self.trials else None
        return {
            "hits": self.hits,
            "trials": self.trials,
            "share": share,
            "low": self.interval.low,
            "high": self.interval.high,
        }

    def text(self) -> str:
        """Return it as people read it."""
        if not self.trials:
            return "no such rows"
        low, high = self.interval.low, self.interval.high
        return f"{self.hits / self.trials:.0%} ({self.hits} of {self.trials}; {low:.0%} to {high:.0%})"


@dataclass(frozen=True, slots=True)
class Quality:
    """What came of all rows. *missed* are lines of rows whose key was not found, *invented* those that found some."""

    shortlist: Shortlist
    top: Mapping[int, Share]
    none: Share
    missed: tuple[int, ...]
    invented: tuple[int, ...]

    def data(self) -> dict[str, object]:
        """Return it as JSON has it."""
        return {
            "shortlist": self.shortlist.name,
            "source": self.shortlist.source,
            "found": {str(level): share.data() for level, share in self.top.items()},
            "none": self.none.data(),
            "missed_lines": list(self.missed),
            "invented_lines": list(self.invented),
        }

    def lines(self) -> Iterator[str]:
        """Yield it as people read it."""
        yield f"{self.shortlist.name}: {self.shortlist.source}, the {self.shortlist.top} nearest"
        for level, share in self.top.items():
            yield f"  found among the first {level:>2}  {share.text()}"
        yield f"  none where none fits     {self.none.text()}"
        for what, numbers in (("missed on", self.missed), ("found where none fits on", self.invented)):
            if numbers:
                listed = ", ".join(map(str, numbers[:_MOST_MISSED]))
                more = len(numbers) - _MOST_MISSED
                yield f"  {what} line {listed}" + (f" and {more:,} more" if more > 0 else "")


def measure(desk: Desk, text: str, file: Path, *, json: bool) -> Quality:
    """Return how good the shortlist that `SPEC:FEATURE` or `SPEC:SHORTLIST` names is on the rows of *file*."""
    target = read_target(text)
    compilation = desk.compiler.compile([target.path], trials=False)
    if compilation.has_errors():
        write_problems(desk, *seen_from_here(compilation), json=json)
        raise typer.Exit(REFUSED)
    features = desk.compiler.load(compilation)
    found = {
        name: (running, shortlist)
        for running in features.values()
        for shortlist in running.contract.shortlists
        for name in (shortlist.name, running.contract.name)
    }
    running, shortlist = found[_chosen(target, found)]
    return _measured(running, shortlist, tuple(_labelled(file)))


def _chosen(target: Target, found: Mapping[str, tuple[Any, Shortlist]]) -> str:
    if not target.feature and len({id(shortlist) for _, shortlist in found.values()}) == 1:
        return next(iter(found))
    return choose(target, found, "shortlist")


def _measured(running: Any, shortlist: Shortlist, rows: tuple[Labelled, ...]) -> Quality:
    from promptspec.live.statistics import wilson

    places = [(row, _found(running, shortlist, row)) for row in rows]
    keyed = [(row, keys) for row, keys in places if row.key is not None]
    empty = [(row, keys) for row, keys in places if row.key is None]

    def share(hits: int, trials: int) -> Share:
        return Share(hits, trials, wilson(hits, trials))

    levels = sorted({*(level for level in _LEVELS if level < shortlist.top), shortlist.top})
    return Quality(
        shortlist=shortlist,
        top={level: share(sum(row.key in keys[:level] for row, keys in keyed), len(keyed)) for level in levels},
        none=share(sum(not keys for _, keys in empty), len(empty)),
        missed=tuple(row.line for row, keys in keyed if row.key not in keys),
        invented=tuple(row.line for row, keys in empty if keys),
    )


def _found(running: Any, shortlist: Shortlist, row: Labelled) -> list[str]:
    """Return the keys on the shortlist of *row*, the nearest first. Stops where its input is not valid."""
    from pydantic import ValidationError

    from promptspec.runtime.context import BUILT, Context
    from promptspec.runtime.host import HOST
    from promptspec.safety.callers import example_caller

    given = row.given if row.question is None else {shortlist.field.partition(".")[0]: row.question}
    today = HOST.clock.today()
    try:
        value = running.plan.input.model_validate(given, context=Context(direction="input", today=today, pins=BUILT))
    except ValidationError as error:
        where = ", ".join(sorted({".".join(map(str, each["loc"])) for each in error.errors(include_input=False)}))
        raise Stop(
            USAGE,
            f"line {row.line} is no input of `{running.contract.name}`: {where}",
            help='write the whole input: {"given": {…}, "key": …}',
        ) from None
    made = tuple(running.find_shortlists(value, example_caller(running.plan.caller), today))
    near = _near(running, made)
    rows = next(each.rows(BUILT, near.get(each.name)) for each in made if each.name == shortlist.name)
    return [str(getattr(found, found.key_column)) for found in rows]


def _near(running: Any, made: tuple[Any, ...]) -> Mapping[str, Any]:
    """Return what shortlists by embedding are near, by asking their models. Raises PromptspecError."""
    if not running.plan.embeddings:
        return {}
    from promptspec.models.loop import run
    from promptspec.runtime.host import HOST
    from promptspec.runtime.nearest import Nearest

    limits = running.plan.limits
    nearest = Nearest(
        plan=running.plan,
        shortlists=made,
        connect=lambda by: running.embedder(by, HOST),
        stand_in=None,
        world=HOST,
        deadline=HOST.clock.monotonic() + limits.seconds,
        user=None,
        retries_left=lambda: limits.retries,
        asked=[],
    )
    return run(nearest.find)


def _labelled(file: Path) -> Iterator[Labelled]:
    from promptspec.values.reading import Unreadable, read_json

    try:
        content = file.read_bytes()
    except OSError as error:
        raise Stop(USAGE, f"`{file}` cannot be read: {error.strerror}") from None
    if len(content) > MOST_BYTES:
        raise Stop(USAGE, f"`{file}` has more than {MOST_BYTES:,} bytes")
    for number, line in enumerate(content.splitlines(), 1):
        if not line.strip():
            continue
        try:
            value = read_json(line)
        except Unreadable as bad:
            raise Stop(USAGE, f"line {number} of `{file}` cannot be read: {bad.message}") from None
        yield _row(number, value, file)


def _row(number: int, value: object, file: Path) -> Labelled:
    row = cast("dict[str, object]", value) if isinstance(value, dict) else {}
    question, given, key = row.get("question"), row.get("given"), row.get("key")
    named = isinstance(question, str) != isinstance(given, dict)
    if not named or set(row) - {"question", "given", "key"} or "key" not in row or not isinstance(key, str | None):
        raise Stop(
            USAGE,
            f"line {number} of `{file}` is no labelled row",
            help='write {"question": "…", "key": "…"}, with null for the key where nothing fits',
        )
    fields = cast("dict[str, object]", given) if isinstance(given, dict) else {}
    return Labelled(number, question if isinstance(question, str) else None, fields, key)
