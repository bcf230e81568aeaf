"""Text types as written to text types as checked: caps, options, patterns, words."""

from __future__ import annotations

from dataclasses import dataclass, field

from promptspec.check.desk import Desk
from promptspec.check.ranges import lengths
from promptspec.check.scalars import host_is_sound
from promptspec.contract import types as t
from promptspec.diagnostics import Label, did_you_mean
from promptspec.syntax import tree
from promptspec.syntax.words import TEXT_UNITS
from promptspec.text import Span
from promptspec.values.automaton import shortest
from promptspec.values.code import LANGUAGES
from promptspec.values.patterns import BadPattern, check_pattern

#: The most characters of one word among others: it stands in the schema of each reply.
MOST_WORD = 200


def text_of(desk: Desk, written: tree.TextType, *, given: bool) -> t.Text | None:
    """Return the checked text, line or code, or None after a report. What is *given*, not replied, opens nothing."""
    unit = written.unit.text if written.unit else "chars"
    if unit not in TEXT_UNITS:  # that has been said
        return None
    bounds = lengths(desk, written.cap, span=written.span, what=f"`{written.kind}`", example=f"{written.kind}(..200)")
    if bounds is None:
        return None
    if written.kind == "code":
        language = _language(desk, written, given=given)
        cap = t.Cap(least=bounds[0], most=bounds[1], unit=unit)
        return t.Text(kind="text", cap=cap, code=language) if language else None
    options = _options(desk, written, given=given)
    if options is None:
        return None
    cap = t.Cap(least=bounds[0], most=bounds[1], unit=unit)
    if options.pattern is not None and not _can_match(desk, written, options.pattern, cap):
        return None
    return t.Text(
        kind="line" if written.kind == "line" else "text",
        cap=cap,
        pattern=options.pattern,
        links=tuple(options.links),
        queries=tuple(host for host, query in options.links.items() if query),
        markdown=options.markdown,
    )


@dataclass(slots=True, kw_only=True)
class _Options:
    """What stands behind the cap of a text. *links* says of each host whether its links may have a query."""

    pattern: t.Pattern | None = None
    markdown: bool = False
    links: dict[str, bool] = field(default_factory=dict[str, bool])


def _options(desk: Desk, written: tree.TextType, *, given: bool) -> _Options | None:
    """Return the options of a text, or None after a report."""
    found = _Options()
    for option in written.options:
        match option:
            case tree.MatchingOption():
                found.pattern = _pattern(desk, option.pattern)
                sound = found.pattern is not None
            case tree.LinksOption():
                sound = not (given and _opens_nothing(desk, option.span, "links")) and _link(desk, option, found)
            case tree.WordOption():
                sound = _word(desk, written, option, found, given=given)
        if not sound:
            return None
    return found


def _language(desk: Desk, written: tree.TextType, *, given: bool) -> str | None:
    """Return the language of a code, or None after a report."""
    named = [option.word for option in written.options if isinstance(option, tree.WordOption)]
    others = [option for option in written.options if not isinstance(option, tree.WordOption)]
    if others:
        desk.add(
            "PS305", others[0].span, "`code` has no such option", help="a `code` takes its language, as in `python`"
        )
    elif len(named) != 1:
        place = named[1].span if named else written.span
        desk.add("PS305", place, "a `code` names one language", help="write `code(..4_000, python)`")
    elif named[0].text not in LANGUAGES:
        known = f"languages are {', '.join(f'`{each}`' for each in LANGUAGES)}"
        help = did_you_mean(named[0].text, tuple(LANGUAGES)) or known
        desk.add("PS305", named[0].span, f"`code` knows no language `{named[0].text}`", help=help)
    elif given:
        _opens_nothing(desk, written.span, "code")
    else:
        return named[0].text
    return None


def _opens_nothing(desk: Desk, span: Span, what: str) -> bool:
    """Report an option of replies at a text that is given; return True."""
    desk.add(
        "PS305",
        span,
        f"`{what}` opens the text of replies, and this text is given",
        note="what is given may hold anything that its cap and pattern allow",
        help="write `text`" if what == "code" else "take it out",
    )
    return True


def _link(desk: Desk, option: tree.LinksOption, found: _Options) -> bool:
    host = option.host
    if not host_is_sound(desk, host):
        return False
    if host.value in found.links:
        desk.add("PS201", host.span, "this host stands twice", help="drop one of them")
        return False
    found.links[host.value] = option.query
    return True


def _word(desk: Desk, written: tree.TextType, option: tree.WordOption, found: _Options, *, given: bool) -> bool:
    if option.word.text == "markdown":
        found.markdown = True
        return not (given and _opens_nothing(desk, option.span, "markdown"))
    desk.add(
        "PS305",
        option.span,
        f"`{written.kind}` has no option `{option.word.text}`",
        help=did_you_mean(option.word.text, ("matching", "markdown", "links"))
        or f'a `{written.kind}` takes `matching /…/` and `links "…"`',
    )
    return False


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
