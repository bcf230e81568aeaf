"""Text types as written to text types as checked: caps, options, patterns, words."""

from __future__ import annotations

from promptspec.check.desk import Desk
from promptspec.check.ranges import lengths
from promptspec.contract import types as t
from promptspec.diagnostics import Label, did_you_mean
from promptspec.syntax import tree
from promptspec.syntax.words import TEXT_UNITS
from promptspec.text import Span
from promptspec.values.automaton import shortest
from promptspec.values.patterns import BadPattern, check_pattern

#: The most characters of one word among others: it stands in the schema of each reply.
MOST_WORD = 200


def text_of(desk: Desk, written: tree.TextType) -> t.Text | None:
    """Return the checked text or line, or None after a report."""
    if written.kind == "code":
        desk.later(written.span, "`code(…)`")
        return None
    unit = written.unit.text if written.unit else "chars"
    if unit not in TEXT_UNITS:  # that has been said
        return None
    bounds = lengths(desk, written.cap, span=written.span, what=f"`{written.kind}`", example=f"{written.kind}(..200)")
    if bounds is None:
        return None
    pattern: t.Pattern | None = None
    for option in written.options:
        if isinstance(option, tree.MatchingOption):
            pattern = _pattern(desk, option.pattern)
            if pattern is None:
                return None
        elif isinstance(option, tree.LinksOption):
            desk.later(option.span, "`links`")
            return None
        elif option.word.text == "markdown":
            desk.later(option.span, "`markdown`")
            return None
        else:
            desk.add(
                "PS305",
                option.span,
                f"`{written.kind}` has no option `{option.word.text}`",
                help=did_you_mean(option.word.text, ("matching",)) or f"a `{written.kind}` takes `matching /…/`",
            )
            return None
    cap = t.Cap(least=bounds[0], most=bounds[1], unit=unit)
    if pattern is not None and not _can_match(desk, written, pattern, cap):
        return None
    return t.Text(kind="line" if written.kind == "line" else "text", cap=cap, pattern=pattern)


def _pattern(desk: Desk, written: tree.RegexLiteral) -> t.Pattern | None:
    """Return the checked pattern, or None after a report."""
    try:
        check_pattern(written.source, written.ignore_case)
    except BadPattern as bad:
        start = min(written.span.start + 1 + (bad.position or 0), written.span.end - 1)
        desk.add("PS303", Span(written.span.file, start, written.span.end), bad.message)
        return None
    return t.Pattern(source=written.source, ignore_case=written.ignore_case)


def _can_match(desk: Desk, written: tree.TextType, pattern: t.Pattern, cap: t.Cap) -> bool:
    if cap.unit != "chars":
        return True
    found = shortest(pattern.source, pattern.ignore_case, least=cap.least, most=cap.most)
    if found is None:
        place = next(o.span for o in written.options if isinstance(o, tree.MatchingOption))
        desk.add(
            "PS304",
            place,
            f"no text of {cap.least:,} to {cap.most:,} characters matches this pattern",
            labels=[Label(span=written.cap.span, message="the cap is here")] if written.cap else [],
            help="widen the cap or the pattern",
        )
        return False
    return True


def words_of(desk: Desk, written: tree.WordsType) -> t.Words | None:
    """Return the checked words, or None after a report."""
    words = tuple(word.value for word in written.words)
    for index, word in enumerate(written.words):
        if word.value in words[:index]:
            desk.add("PS201", word.span, "this word stands twice", help="drop one of them")
            return None
        if not word.value or len(word.value) > MOST_WORD:
            desk.add("PS302", word.span, f"a word has 1 to {MOST_WORD} characters")
            return None
    return t.Words(words=words)
