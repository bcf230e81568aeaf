"""`find hits = films near note top 20`: what a call's shortlists are made of, and whether the prompt shows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from promptspec.check.desk import Desk
from promptspec.check.embeddings import check_embedding
from promptspec.check.expressions import Expressions
from promptspec.check.models import Models
from promptspec.check.names import Names, references
from promptspec.check.rules import check_where
from promptspec.check.scope import Scope, article, field_spelling
from promptspec.check.shapes import Facts, Typed
from promptspec.check.wording import in_words, short
from promptspec.contract import expressions as e
from promptspec.contract import types as t
from promptspec.contract.feature import CallerLevel, Shortlist, Source
from promptspec.contract.types import Trust
from promptspec.diagnostics import Label, did_you_mean
from promptspec.sources.finding import MOST_IN_MEMORY
from promptspec.syntax import tree

#: The most entries that a shortlist may have.
MOST_TOP = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortlists:
    """Checks the `find` clauses of one feature."""

    desk: Desk
    scope: Scope
    facts: Facts
    input: t.Record
    caller: CallerLevel
    models: Models

    def check(self, clauses: list[tree.FindClause]) -> tuple[Shortlist, ...]:
        """Return the sound ones of the `find` clauses; problems go to the report."""
        seen: dict[str, tree.Name] = {}
        found: list[Shortlist] = []
        for clause in clauses:
            if self._is_new(clause.name, seen):
                checked = self._checked(clause)
                if checked is not None:
                    found.append(checked)
            seen.setdefault(clause.name.text, clause.name)
        return tuple(found)

    def _is_new(self, name: tree.Name, seen: Mapping[str, tree.Name]) -> bool:
        """Say whether nothing else of the feature, and no source, is called *name*; report what is."""
        field_spelling(self.desk, name)
        first = seen.get(name.text)
        field = self.input.field(name.text)
        kind = self.scope.kind(name.text)
        if first is None and field is None and kind is None:
            return True
        labels = [Label(span=first.span, message="first declared here")] if first is not None else []
        what = "a shortlist" if first else "a field of the input" if field else article(kind or "")
        self.desk.add(
            "PS201",
            name.span,
            f"`{name.text}` is {what} already",
            labels=labels,
            help="give the shortlist another name",
        )
        return False

    def _checked(self, clause: tree.FindClause) -> Shortlist | None:
        source = self._source(clause)
        near = self._near(clause, source)
        top, above = self._top(clause), self._above(clause)
        if source is None or near is None or top is None or above is None:
            return None
        embedding = None
        if clause.embedding is not None:
            embedding = check_embedding(self.desk, self.models, clause.embedding, source, clause.span)
            if embedding is None:
                return None
        made = Shortlist(
            name=clause.name.text,
            source=source.name,
            file=source.origin.file,
            near=near.texts,
            field=near.field,
            itself=near.itself,
            top=top,
            above=above,
            embedding=embedding,
            origin=self.desk.origin(clause.span),
        )
        if clause.where is None:
            return made
        where = check_where(
            self.desk,
            self.facts,
            clause.where,
            t.OneOfSource(source=source.name, file=source.origin.file),
            inputs=self.input.fields,
            outputs=(),
            caller=self.caller,
        )
        if where is None or self._tells_of_others(clause, source, made, where):
            return None
        return replace(made, where=where)

    def _tells_of_others(self, clause: tree.FindClause, source: Source, made: Shortlist, where: e.Expression) -> bool:
        """Report a nearness that follows from rows of other callers: in a large source all rows weigh a word."""
        asks_caller = any(isinstance(part, e.Reference) and part.root == "caller" for part in e.walk(where))
        changes = source.live is not None and source.live.refresh_ms is not None
        rows = source.most if changes else source.size
        if not asks_caller or not made.above or made.embedding is not None or rows <= MOST_IN_MEMORY:
            return False
        assert clause.above is not None
        self.desk.add(
            "PS322",
            clause.above.span,
            f"`above` would tell what rows of others hold: in a source of more than {MOST_IN_MEMORY:,} rows all of"
            " them say how rare a word is",
            labels=[] if clause.where is None else [Label(span=clause.where.span, message="rows are kept apart here")],
            help="drop `above`; or ask `by embedding`, where a row is near whatever the others hold"
            + (", or say `most 1_000`" if changes else ""),
        )
        return True

    def _source(self, clause: tree.FindClause) -> Source | None:
        name = clause.source.text
        kind = self.scope.kind(name)
        if kind == "source":
            return self.scope.sources.get(name)  # None where it did not check, and that has been said
        if name not in self.scope.lost:
            known = [each for each in self.scope.declarations if self.scope.kind(each) == "source"]
            self.desk.add(
                "PS311",
                clause.source.span,
                f"there is no source `{name}`" if kind is None else f"`{name}` is {article(kind)}, not a source",
                help=did_you_mean(name, known) or "`find` looks for rows of a source",
            )
        return None

    def _near(self, clause: tree.FindClause, source: Source | None) -> _Near | None:
        bare = references(self.input.fields, "input", self.facts)
        names = Names(bare=bare, roots={"input": bare})
        value = Expressions(desk=self.desk, facts=self.facts).value(clause.near, names)
        if value is None or source is None:
            return None
        shown = short(clause.near)
        if value.optional:
            self.desk.add(
                "PS322",
                clause.near.span,
                f"`{shown}` may be missing, and then nothing would be near it",
                help="drop the `?` of the field",
            )
            return None
        reference = value.expression
        if isinstance(reference, e.Reference) and reference.root == "input" and not reference.through:
            if isinstance(value.type, t.Text):
                return _Near(texts=(reference,), field=_field_of(reference))
            if isinstance(value.type, t.OneOfSource):
                return self._near_row(value, reference, source)
        self.desk.add(
            "PS322",
            clause.near.span,
            f"a shortlist is near a text or a row, and `{shown}` is {in_words(value.kind)}",
            help="name a `text`, a `line` or a `one of` of the input",
        )
        return None

    def _near_row(self, value: Typed, reference: e.Reference, source: Source) -> _Near:
        """The texts of a row; where it is a row of the same source, it is not among those near itself."""
        assert isinstance(value.type, t.OneOfSource)
        chosen = self.facts.source(value.type.source)
        same = (chosen.name, chosen.origin.file) == (source.name, source.origin.file)
        return _Near(
            texts=tuple(replace(reference, steps=(*reference.steps, c.name)) for c in chosen.searched),
            field=_field_of(reference),
            itself=replace(reference, steps=(*reference.steps, chosen.key)) if same else None,
        )

    def _top(self, clause: tree.FindClause) -> int | None:
        if clause.top is None:
            self.desk.add(
                "PS322",
                clause.span,
                f"`{clause.name.text}` has no `top`",
                help=f"say how many entries it has at most: `top 8`, up to `top {MOST_TOP}`",
            )
            return None
        number = clause.top.value
        if number != int(number) or not 1 <= number <= MOST_TOP:
            self.desk.add(
                "PS322", clause.top.span, f"`top` is a whole number from 1 to {MOST_TOP}", help="write `top 8`"
            )
            return None
        return int(number)

    def _above(self, clause: tree.FindClause) -> Decimal | None:
        if clause.above is None:
            return Decimal(0)
        number = Decimal(clause.above.value)
        if not 0 <= number <= 1:
            self.desk.add("PS322", clause.above.span, "`above` is a number from 0 to 1", help="write `above 0.4`")
            return None
        return number


@dataclass(frozen=True, slots=True, kw_only=True)
class _Near:
    """The texts that a shortlist is near, the field they come from, and the key of the row whose texts they are."""

    texts: tuple[e.Expression, ...]
    field: str
    itself: e.Expression | None = None


def _field_of(reference: e.Reference) -> str:
    return ".".join(reference.steps)


def entries_of(shortlists: tuple[Shortlist, ...], facts: Facts) -> dict[str, Typed]:
    """Return what each of *shortlists* is where a prompt names it: a list whose entries print as their numbers.

    It is open, for its order and its size follow from what a caller wrote.
    """
    found: dict[str, Typed] = {}
    for each in shortlists:
        entry = choice_of(each)
        reference = e.Reference(root="variable", steps=(each.name,))
        item = Typed(expression=reference, kind="row", type=entry, trust=Trust.CLOSED, path=f"{each.name}[]")
        found[each.name] = Typed(
            expression=reference,
            kind="list",
            type=t.ListOf(item=entry, least=0, most=each.top),
            item=item,
            trust=Trust.OPEN,
            path=each.name,
            most=each.top,
        )
    return found


def choice_of(shortlist: Shortlist) -> t.OneOfShortlist:
    """Return the type of an entry of *shortlist*."""
    return t.OneOfShortlist(shortlist=shortlist.name, source=shortlist.source, file=shortlist.file, most=shortlist.top)
