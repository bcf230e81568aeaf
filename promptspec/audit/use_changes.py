"""What changed of what calls may use, who sees them, what is kept of them, and what a feature waives."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from promptspec.audit.change import Change, compare_refused, joined, number_change, said, same
from promptspec.audit.relations import Relation
from promptspec.audit.wording import amount, duration
from promptspec.contract.feature import Feature
from promptspec.contract.safety import AcrossCalls


def limit_changes(old: Feature, new: Feature) -> Iterator[Change]:
    """Yield the limits of a call, and across calls, that are not what they were."""
    endless = float("inf")
    one, other = old.limits, new.limits

    def tokens(count: int | None) -> str:
        return "no limit" if count is None else f"{count:_} tokens"

    a, b = (endless if each.prompt_tokens is None else each.prompt_tokens for each in (one, other))
    told = tokens(one.prompt_tokens), tokens(other.prompt_tokens)
    yield from number_change("limits prompt", a, b, *told, more="looser", stricter="major")
    for name, before, after, words in (
        ("reply", one.reply_tokens, other.reply_tokens, tokens),
        ("thinking", one.thinking_tokens, other.thinking_tokens, tokens),
        ("time", one.time_ms, other.time_ms, duration),
        ("retries", one.retries, other.retries, str),
        ("repairs", one.repairs, other.repairs, str),
    ):
        if name == "reply" and one.reply_derived and other.reply_derived:
            continue  # it follows from the output, of which it is told
        yield from number_change(f"limits {name}", before, after, words(before), words(after), more="looser")
    for counts, per in dict.fromkeys((each.counts, each.per) for each in (*old.across, *new.across)):
        pair = [[each for each in feature.across if (each.counts, each.per) == (counts, per)] for feature in (old, new)]
        if said(tuple(pair[0])) == said(tuple(pair[1])):
            continue
        limits = ["; ".join(map(_across, each)) for each in pair]
        relation: Relation = "stricter" if not pair[0] else "looser" if not pair[1] else "incomparable"
        if len(pair[0]) == len(pair[1]) == 1 and pair[0][0].period_ms == pair[1][0].period_ms:
            x, y = pair[0][0], pair[1][0]
            numbers: Relation = "equal" if x.amount == y.amount else "looser" if y.amount > x.amount else "stricter"
            allowed: Relation = "equal" if x.allows == y.allows else "looser" if y.allows else "stricter"
            relation = joined(numbers, allowed)
        yield Change(rule=f"limits {counts} per {per}", relation=relation, rise="minor", old=limits[0], new=limits[1])


def _across(limit: AcrossCalls) -> str:
    return f"{amount(limit.amount)} in {duration(limit.period_ms)}{', or uncounted' if limit.allows else ''}"


def desk_changes(old: Feature, new: Feature) -> Iterator[Change]:
    """A review that holds replies changes what a function returns, so that it breaks callers either way."""
    before, after = old.review, new.review
    if (before is None) is not (after is None):
        held = ["" if each is None else "holds replies" for each in (before, after)]
        turn: Relation = "looser" if after is None else "stricter"
        yield Change(rule="review", relation=turn, rise="major", old=held[0], new=held[1])
    elif before is not None and after is not None and not same(before, after):
        relation: Relation = "incomparable"
        if before.when is not None and after.when is None and same((before.otherwise, before.within_ms),
                                                                   (after.otherwise, after.within_ms)):  # fmt: skip
            relation = "stricter"
        yield Change(
            rule="review", relation=relation, rise="minor", old="holds replies", new="holds others, or otherwise"
        )
    a, b = (each.sample.share if each.sample else Decimal(0) for each in (old, new))
    yield from number_change(
        "sample", float(a), float(b), f"{amount(a)}%", f"{amount(b)}%", more="stricter", stricter="patch"
    )
    targets = [_report(each) for each in (old, new)]
    if targets[0] != targets[1]:
        relation = "stricter" if not targets[0] else "looser" if not targets[1] else "incomparable"
        yield Change(rule="report", relation=relation, rise="minor", old=targets[0], new=targets[1])
    kept = [0 if each.keep_ms is None else each.keep_ms for each in (old, new)]
    told = ["" if each.keep_ms is None else duration(each.keep_ms) for each in (old, new)]
    yield from number_change("keep", kept[0], kept[1], told[0], told[1], more="looser", stricter="patch")
    relation = compare_refused(set(old.secrets), set(new.secrets))
    if relation != "equal":
        yield Change(
            rule="secret", relation=relation, rise="patch", old=", ".join(old.secrets), new=", ".join(new.secrets)
        )


def _report(feature: Feature) -> str:
    if feature.report is None:
        return ""
    return f"{feature.report.target}{', with the reply' if feature.report.shows_reply else ''}"


def waiver_changes(old: Feature, new: Feature) -> Iterator[Change]:
    """Yield what is waived now, or for another reason, and the attacks and tests that came or went."""

    def named(feature: Feature) -> dict[str, str]:
        return {
            f"{each.practice} {side}".strip(): each.because
            for each in feature.waivers
            for side in (each.sides or ("",))
        }

    before, after = named(old), named(new)
    for name in dict.fromkeys((*before, *after)):
        one, other = before.get(name, ""), after.get(name, "")
        if one == other:
            continue
        # Another reason is another waiver: somebody has to read it (rule 2).
        relation: Relation = "looser" if other else "stricter"
        yield Change(rule=f"waive {name}", relation=relation, rise="patch", old=one, new=other)
    for word, kind in (("attack", "attack"), ("test", "test")):
        counts = [sum(case.kind == kind for case in feature.cases) for feature in (old, new)]
        yield from number_change(
            f"{word}s", counts[0], counts[1], str(counts[0]), str(counts[1]), more="stricter", stricter="patch"
        )
