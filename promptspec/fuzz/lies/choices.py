"""Keys, positions and words that were never on offer, or only nearly."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Final, cast

from promptspec.contract.json_text import json_text
from promptspec.contract.types import Choice, OneOfItems, OneOfShortlist, OneOfSource, Words
from promptspec.fuzz.lies.accepted import broken_by, plain_given
from promptspec.fuzz.lies.telling import put, raw_values
from promptspec.fuzz.lies.values import read

if TYPE_CHECKING:
    from promptspec.fuzz.lies.sites import Site

#: Keys of a source that are looked at for ones that its `where` leaves out.
_MOST_LOOKED_AT: Final = 60
_LOOK_ALIKES: Final = str.maketrans("aeopcxyi", "аеорсхуі")


def near_misses(word: str) -> Iterator[str]:
    """Yield words that look like *word* and are not: edits, case, look-alikes, blanks, plurals, prefixes."""
    seen = {word}
    for near in (
        word.upper(),
        word.capitalize(),
        word.swapcase(),
        word.title(),
        word.translate(_LOOK_ALIKES),
        f" {word}",
        f"{word} ",
        f"{word}\n",
        f"\t{word}",
        f"{word}\u200b",
        f"{word}\xad",
        f"\ufeff{word}",
        f"{word}\x00",
        word + "s",
        word + "'s",
        word + ".",
        word[:-1],
        word[1:],
        word[: len(word) // 2],
        word + word[-1:],
        word[1:2] + word[:1] + word[2:],
        "x" + word[1:],
        word.replace("_", "-"),
        word.replace("_", " "),
        word.replace("-", "_"),
        word.replace("_", ""),
        f'"{word}"',
        f"'{word}'",
        "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in word),
        f"{word}\u0301",
        f"{word}, {word}",
        f"{word}|{word}",
        f"[{word}]",
        word.replace("i", "ı"),
        word.replace("s", "ſ"),
        word[::-1],
        f"{word}=",
        f"un{word}",
        f"\u202e{word}",
        "",
        " ",
        "none",
        "null",
    ):
        if near not in seen:
            seen.add(near)
            yield near


def _words(site: Site) -> tuple[str, ...]:
    match site.type:
        case Choice():
            return tuple(member.name for member in site.subject.enum(site.type).members)
        case Words():
            return site.type.words
        case _:
            return ()


def _near_words(site: Site) -> Iterator[str]:
    words = _words(site)
    yield from (json_text(near) for word in words for near in near_misses(word) if near not in words)


def _labels(site: Site) -> Iterator[str]:
    if isinstance(site.type, Choice):
        members = site.subject.enum(site.type).members
        names = {member.name for member in members}
        yield from (json_text(member.label) for member in members if member.label and member.label not in names)
        yield from (str(number) for number in range(len(members) + 1))
    elif isinstance(site.type, OneOfSource):
        rows = site.subject.rows[site.type.source]
        for key in site.subject.keys(site.type)[:5]:
            cells = rows[key]
            yield from (json_text(value) for value in cells.values() if isinstance(value, str) and value not in rows)
            yield json_text(f"{key} {next(iter(cells.values()))}")
    elif isinstance(site.type, OneOfItems):
        for entry in _entries(site):
            if isinstance(entry, Mapping):
                yield from (
                    json_text(value) for value in cast("Mapping[str, object]", entry).values() if isinstance(value, str)
                )


def _keys_for_positions(site: Site) -> Iterator[str]:
    """Yield keys in place of numbers: those that are on offer, and others of the source."""
    if isinstance(site.type, OneOfShortlist):
        yield from (json_text(key) for key in _entries(site))
        yield from (json_text(key) for key in islice(site.subject.rows[site.type.source], _MOST_LOOKED_AT))


def _unknown_keys(site: Site) -> Iterator[str]:
    if isinstance(site.type, OneOfSource):
        yield from map(
            json_text, ("does-not-exist", "", " ", "*", "%", "null", "0", "../0", "a" * 300, "' OR ''='", "\x00")
        )
        yield from ("null", "0", "-1", "true", "[]", "{}")


def _near_keys(site: Site) -> Iterator[str]:
    if isinstance(site.type, OneOfSource):
        rows = site.subject.rows[site.type.source]
        own = [site.value] if isinstance(site.value, str) else []
        for key in (*own, *site.subject.keys(site.type)[:3]):
            yield from (json_text(near) for near in near_misses(key) if near not in rows)


def _not_offered(site: Site) -> Iterator[str]:
    """Yield keys of the source that the reference refuses here: rows outside of the `where`."""
    if not isinstance(site.type, OneOfSource) or site.type.where is None:
        return
    for key in site.subject.keys(site.type)[:_MOST_LOOKED_AT]:
        raw = json_text(key)
        if broken_by(site.subject, site.given, read(put(site.reply, site.place, raw))):
            yield raw


def _other_keys(site: Site) -> Iterator[str]:
    if isinstance(site.type, OneOfSource):
        yield from map(json_text, islice(site.subject.keys(site.type), _MOST_LOOKED_AT))


def _keys_of_others(site: Site) -> Iterator[str]:
    """Yield keys of the feature's other sources."""
    if isinstance(site.type, OneOfSource):
        own = site.subject.rows[site.type.source]
        for name, rows in site.subject.rows.items():
            if name != site.type.source:
                yield from (json_text(key) for key in islice(rows, 3) if key not in own)


def _entries(site: Site) -> list[object]:
    """Return what is on offer here: the entries of an input list, or the keys of a shortlist."""
    if not isinstance(site.type, OneOfItems | OneOfShortlist):
        return []
    name = site.type.field if isinstance(site.type, OneOfItems) else site.type.shortlist
    entries = plain_given(site.subject, site.given).get(name)
    return cast("list[object]", entries) if isinstance(entries, list) else []


def _positions(site: Site) -> Iterator[str]:
    if isinstance(site.type, OneOfItems | OneOfShortlist):
        count, most = len(_entries(site)), site.type.most
        numbers = dict.fromkeys((0, -1, count + 1, most, most + 1, count + 2, -count, 2**31, 2**53, 2**53 + 1, 2**64))
        yield from (str(number) for number in numbers if not 1 <= number <= count)
        yield from (f"{count + 1}.0", "1.5", "0.9999999999999999", '"1"', '"first"', "true", "[1]", '{"key":1}')


def _all_positions(site: Site) -> Iterator[str]:
    if isinstance(site.type, OneOfItems | OneOfShortlist):
        yield from map(str, range(len(_entries(site)) + 1))
        yield from ("1.0", "1e0", "10e-1")


def _members(site: Site) -> Iterator[str]:
    yield from map(json_text, _words(site))


INVENTING: Final = (
    raw_values("unknown-key", _unknown_keys),
    raw_values("near-key", _near_keys),
    raw_values("key-outside-where", _not_offered),
    raw_values("any-key", _other_keys),
    raw_values("key-of-another-source", _keys_of_others),
    raw_values("label-for-key", _labels),
    raw_values("position-outside", _positions),
    raw_values("any-position", _all_positions),
    raw_values("key-for-position", _keys_for_positions),
    raw_values("near-member", _near_words),
    raw_values("any-member", _members),
)
