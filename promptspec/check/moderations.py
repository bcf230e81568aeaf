"""`moderate` as written to moderation as checked: whose texts, who looks at them, and what is blocked."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

from promptspec.check.desk import Desk
from promptspec.check.functions_of_projects import is_listed
from promptspec.check.models import Models
from promptspec.check.shapes import Facts
from promptspec.check.word_lists import read_words
from promptspec.contract.models import OpenAIModel
from promptspec.contract.moderation import CATEGORIES, Moderation, Moderator, PythonModerator, WordModerator
from promptspec.contract.moderation import ServerModerator as Server
from promptspec.contract.types import Record
from promptspec.contract.walking import foreign_texts
from promptspec.diagnostics import Label, did_you_mean
from promptspec.syntax import tree

#: The model that moderates where `with openai` is written, or nothing.
DEFAULT_MODEL: Final = "omni-moderation-latest"
#: The most words of a list, and its most bytes.
MOST_WORDS: Final = 100_000
MOST_WORD_BYTES: Final = 4 * 1024 * 1024

_TARGETS: Final = ("input", "output")
_FUNCTION: Final = re.compile(r"([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*):([A-Za-z_]\w*)", re.ASCII)


class Moderations:
    """Checks the `moderate` clauses of one feature."""

    def __init__(self, desk: Desk, models: Models, facts: Facts) -> None:
        self._desk = desk
        self._models = models
        self._facts = facts

    def check(
        self, clauses: Sequence[tree.ModerateClause], *, own: Sequence[tree.Clause], sides: Mapping[str, Record]
    ) -> tuple[Moderation, ...]:
        """Return what *clauses* ask for, in order; those with a problem are left out after a report.

        Where one of the feature's *own* has nothing to look at on one of its *sides*, that is told.
        """
        for clause in clauses:
            if clause in own:
                self._look_for_texts(clause, sides)
                self._look_for_images(clause, clauses, sides)
        found: list[Moderation] = []
        first: dict[tuple[str, str, str], tree.ModerateClause] = {}
        for clause in clauses:
            targets = self._targets(clause)
            by = self._moderator(clause)
            who = (clause.by.text if clause.by else "openai", self._named(clause))
            for target in targets:
                before = first.setdefault((target, *who), clause)
                if before is not clause:
                    self._desk.add(
                        "PS901",
                        clause.span,
                        f"`{target}` is moderated twice in the same way",
                        labels=[Label(span=before.span, message="it is moderated here first")],
                        help="join them, or drop one",
                    )
            if targets and by is not None:
                origin = self._desk.origin(clause.span)
                found.append(Moderation(input="input" in targets, output="output" in targets, by=by, origin=origin))
        return tuple(found)

    def _named(self, clause: tree.ModerateClause) -> str:
        """Return which file or function *clause* names; files of one name may lie in two folders."""
        if clause.argument is None or clause.by is None:
            return ""
        name = clause.argument.value
        return self._desk.beside(name, clause.argument.span) if clause.by.text == "words" else name

    def _look_for_images(
        self, clause: tree.ModerateClause, clauses: Sequence[tree.ModerateClause], sides: Mapping[str, Record]
    ) -> None:
        """Tell of images beside the texts that *clause* is about, where none of the *clauses* has a server look."""
        if _sees_images(clause):
            return
        for target in clause.targets:
            side = sides.get(target.text)
            if side is None or any(_sees_images(each) and target.text in _named_by(each) for each in clauses):
                continue
            record = self._facts.record_named
            texts = set(foreign_texts(side.fields, record, images=False))
            images = [path for path in foreign_texts(side.fields, record) if path not in texts]
            if texts and images:
                name = ".".join(images[0]).replace(".[]", "[]")
                self._desk.add(
                    "PS909",
                    target.span,
                    f"nobody looks at the image `{name}` of the {target.text}",
                    help=f"write `moderate {target.text} with openai` as well: only a server looks at images",
                )

    def _look_for_texts(self, clause: tree.ModerateClause, sides: Mapping[str, Record]) -> None:
        images = _sees_images(clause)
        for target in clause.targets:
            side = sides.get(target.text)
            if side is None or any(foreign_texts(side.fields, self._facts.record_named, images=images)):
                continue
            self._desk.add(
                "PS903",
                target.span,
                f"there is nothing to moderate in the {target.text}",
                help="take it out: choices, numbers, dates and rows are not moderated"
                if images
                else "write `with openai`, or take it out: only a server looks at images",
            )

    def _targets(self, clause: tree.ModerateClause) -> list[str]:
        for target in clause.targets:
            if target.text not in _TARGETS:
                self._desk.add(
                    "PS901",
                    target.span,
                    f"`{target.text}` cannot be moderated",
                    help=did_you_mean(target.text, _TARGETS) or "write `moderate input`, or `moderate input, output`",
                )
                return []
        return [target.text for target in clause.targets]

    def _moderator(self, clause: tree.ModerateClause) -> Moderator | None:
        kind = clause.by.text if clause.by else "openai"
        if kind in ("words", "python"):
            return self._by_argument(clause, kind)
        if clause.argument is not None:
            self._wrong(clause, f"`{kind}` takes nothing in brackets", f"write `with {kind}`")
            return None
        model = self._server(clause, kind)
        if model is None:
            return None
        blocks: list[str] = []
        above: list[tuple[str, Decimal]] = []
        for rule in clause.rules:
            if not self._are_categories(rule.categories, (*blocks, *(name for name, _ in above))):
                return None
            if rule.kind == "block":
                blocks += [category.text for category in rule.categories]
                continue
            assert rule.threshold is not None
            if not 0 < rule.threshold.value < 1:
                self._desk.add(
                    "PS901",
                    rule.threshold.span,
                    "a score lies between 0 and 1",
                    help="write `above harassment 0.4`, or `block harassment` for what the server flags",
                )
                return None
            above.append((rule.categories[0].text, rule.threshold.value))
        return Server(model=model, blocks=tuple(blocks), above=tuple(above))

    def _server(self, clause: tree.ModerateClause, kind: str) -> OpenAIModel | None:
        if kind == "openai":
            return self._models.plain(DEFAULT_MODEL, clause.span)
        assert clause.by is not None
        named = self._models.named(clause.by)
        if named is None:
            return None
        if len(named) != 1 or not isinstance(named[0], OpenAIModel):
            self._desk.add(
                "PS901",
                clause.by.span,
                f"`{kind}` does not moderate",
                help="name one model of a server with `/moderations`, or write `with openai`",
            )
            return None
        return named[0]

    def _are_categories(self, written: Sequence[tree.Name], before: Sequence[str]) -> bool:
        for category in written:
            name = category.text
            if name not in CATEGORIES:
                help = did_you_mean(name, CATEGORIES) or f"categories are {', '.join(f'`{c}`' for c in CATEGORIES)}"
                self._desk.add("PS901", category.span, f"there is no category `{name}`", help=help)
                return False
            if name in before:
                self._desk.add("PS901", category.span, f"`{name}` has a rule already", help="drop one of them")
                return False
        return True

    def _by_argument(self, clause: tree.ModerateClause, kind: str) -> Moderator | None:
        example = 'words("lists/blocked.txt")' if kind == "words" else 'python("app.safety:judge")'
        if clause.argument is None:
            self._wrong(clause, f"`{kind}` does not say which", f"write `with {example}`")
            return None
        if clause.rules:
            self._desk.add(
                "PS901", clause.rules[0].span, f"`{kind}` knows no categories", help="they are for `with openai`"
            )
            return None
        if kind == "words":
            phrases = read_words(self._desk, clause.argument, most=MOST_WORDS, most_bytes=MOST_WORD_BYTES)
            path = self._desk.beside(clause.argument.value, clause.argument.span)
            return None if phrases is None else WordModerator(path=path, phrases=tuple(dict.fromkeys(phrases)))
        return self._function(clause.argument)

    def _function(self, written: tree.StringLiteral) -> PythonModerator | None:
        match = _FUNCTION.fullmatch(written.value)
        if match is None:
            self._desk.add("PS901", written.span, "this names no function", help='write `python("app.safety:judge")`')
            return None
        if not is_listed(self._desk, written):
            return None
        return PythonModerator(module=match[1], function=match[2])

    def _wrong(self, clause: tree.ModerateClause, message: str, help: str) -> None:
        self._desk.add("PS901", clause.by.span if clause.by else clause.span, message, help=help)


def _sees_images(clause: tree.ModerateClause) -> bool:
    """Say whether a server is asked. Lists of words and functions look at texts, and at no image."""
    return clause.by is None or clause.by.text not in ("words", "python")


def _named_by(clause: tree.ModerateClause) -> set[str]:
    return {target.text for target in clause.targets}
