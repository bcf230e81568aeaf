"""Examples and labelled rows must pass their own feature: the input as callers give it, the reply as models do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from promptspec.api import Compilation, Unit, compile_paths
from promptspec.check.labelled import MOST_BYTES, MOST_TOLD, LabelledRow, read_labelled
from promptspec.contract.feature import Evaluation, Example, Feature, Module
from promptspec.contract.wire_value import not_offered, with_shortlists
from promptspec.diagnostics import Report
from promptspec.errors import PromptspecError, Violation
from promptspec.loading import function_of, materialize
from promptspec.runtime.feature import Feature as Running
from promptspec.runtime.overrides import Wires
from promptspec.runtime.plain_values import keys_in
from promptspec.text import Span
from promptspec.trials.calls import caller_of, let_through, quiet_world
from promptspec.trials.plain import written
from promptspec.trials.rows import refused_rows


def check_paths(paths: Sequence[Path], *, progress: Callable[[str], None] | None = None) -> Compilation:
    """Compile the specs that *paths* name, and try their examples and labelled rows.

    Raises Unusable for paths that do not exist.
    """
    compilation = compile_paths(paths, progress=progress)
    if compilation.has_errors():
        return compilation
    report = Report()
    report.extend(compilation.diagnostics)
    try_examples(compilation, report)
    try_rows(compilation, report)
    return replace(compilation, diagnostics=report.diagnostics)


def try_examples(compilation: Compilation, report: Report) -> None:
    """Run all examples; each that its own feature refuses is reported as PS604 where it stands."""
    tried = with_used(
        compilation,
        [unit for unit in compilation.units if unit.module and any(f.examples for f in unit.module.features)],
    )
    if not tried:
        return
    loaded = materialize(replace(compilation, units=tried))
    for unit, feature, example in _examples(compilation):
        running = function_of(loaded[unit.file], feature.name)
        at = feature.examples.index(example)
        if unit.module is None or _chooses_strangers(compilation, unit.module, feature, example, running, report):
            continue
        written_out = running.example_replies[at]
        try:
            with running.override(model=Wires((written_out,)), world=quiet_world(example.today)):
                reply = let_through(running.call_fields(written(example.given), caller=caller_of(feature.caller, None)))
            for dropped in reply.dropped:
                report.add(
                    "PS604",
                    place_of(compilation, example.origin.file, example.origin.line),
                    f'the example "{example.title[:40]}" would lose `{dropped.path}`, which `{dropped.rule}` drops',
                    help="mend the example: it shows the model what a good reply is",
                )
        except PromptspecError as error:
            for violation in error.violations or (Violation(path="call", rule=error.code, message=error.detail),):
                report.add(
                    "PS604",
                    place_of(compilation, example.origin.file, example.origin.line),
                    f'the example "{example.title[:40]}" is refused: `{violation.path}` {violation.message}',
                    help="mend the example, or the rule that it breaks"
                    if example.today or "late" not in violation.rule
                    else "say what `today` is: `on 2026-01-31`",
                )


def _chooses_strangers(
    compilation: Compilation, module: Module, feature: Feature, example: Example, running: Running[Any], report: Report
) -> bool:
    """Say whether an answer of *example* is not in its shortlist, and report it."""
    keys = dict(keys_in(running.example_shortlists[feature.examples.index(example)]))
    found = not_offered(module, feature, example.returns, with_shortlists(example.given, keys.items()))
    for path, type in found:
        offered = ", ".join(f"`{key[:40]}`" for key in keys[type.shortlist][:MOST_TOLD])
        more = len(keys[type.shortlist]) - MOST_TOLD
        report.add(
            "PS609",
            place_of(compilation, example.origin.file, example.origin.line),
            f'the example "{example.title[:40]}" answers `{path}` with what is not in `{type.shortlist}`',
            note=f"nearest to it are {offered}" + (f" and {more} more" if more > 0 else "")
            if offered
            else "nothing is near it",
            help=f"answer with one of them, raise `top` of `{type.shortlist}`, or take other words for the input",
        )
    return bool(found)


def try_rows(compilation: Compilation, report: Report) -> None:
    """Run all labelled rows; those that their own feature refuses are reported as PS607 where their file is named."""
    tried = with_used(
        compilation,
        [unit for unit in compilation.units if unit.module and any(f.evaluation for f in unit.module.features)],
    )
    loaded = materialize(replace(compilation, units=tried)) if tried else {}
    for unit in tried:
        for feature in unit.module.features if unit.module else ():
            if (evaluation := feature.evaluation) is None:
                continue
            running = function_of(loaded[unit.file], feature.name)
            for line, why in islice(refused_rows(running, rows_of(compilation, evaluation)), MOST_TOLD):
                report.add(
                    "PS607",
                    place_of(compilation, evaluation.origin.file, evaluation.origin.line),
                    f"line {line} of `{evaluation.path[-40:]}` is refused: {why}",
                    help="mend the row, or the rule that it breaks",
                )


def rows_of(compilation: Compilation, evaluation: Evaluation) -> tuple[LabelledRow, ...]:
    """Return the rows that an `evaluate` clause names. Raises FileRefused where they cannot be read any more."""
    data = compilation.project.files.read(evaluation.path, most=MOST_BYTES)
    return read_labelled(data, evaluation.path).rows


def with_used(compilation: Compilation, units: Sequence[Unit]) -> tuple[Unit, ...]:
    """Return *units* and the units that their modules import, in the order of the compilation."""
    by_file = {unit.file: unit for unit in compilation.units}
    wanted: set[str] = set()
    work = [unit.file for unit in units]
    while work:
        file = work.pop()
        if file not in wanted:
            wanted.add(file)
            module = by_file[file].module
            work += [each.file for each in module.imports] if module else []
    return tuple(unit for unit in compilation.units if unit.file in wanted)


def _examples(compilation: Compilation) -> Iterator[tuple[Unit, Feature, Example]]:
    for unit in compilation.units:
        for feature in unit.module.features if unit.module else ():
            for example in feature.examples:
                yield unit, feature, example


def place_of(compilation: Compilation, file: str, line: int) -> Span:
    """Return the text of a line, without the blanks around it."""
    text = compilation.texts[file]
    content = text.line(line)
    start = text.line_start(line) + len(content) - len(content.lstrip())
    return Span(file, start, start + len(content.strip()))
