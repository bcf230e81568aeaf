"""Mutators that keep what a text says and change its code points: look-alikes, and characters that show nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from promptspec.fuzz.attacks.making import Change, Mutator

_FAMILY: Final = "invisible and look-alike Unicode"
_UPPER: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LOWER: Final = _UPPER.lower()
_DIGITS: Final = "0123456789"
_LETTERS: Final = _LOWER + _UPPER
_INVISIBLE: Final = "\u200b\u200c\u200d\u2060\ufeff\u2061\u2063\u180e\u034f\u115f\u3164"
_MARKS: Final = "\u0301\u0323\u0336\u0334\u0308\u0325\u0337\u20d2"
#: Opening controls of both kinds, and what closes them.
_BIDI: Final = (("\u202e", "\u202c"), ("\u2067", "\u2069"), ("\u202d", "\u202c"), ("\u2066", ""), ("\u061c", "\u200f"))


def _run(start: int, count: int) -> str:
    return "".join(map(chr, range(start, start + count)))


_FULLWIDTH: Final = str.maketrans(_run(0x21, 94), _run(0xFF01, 94))
#: Alphabets of mathematics: small letters, then capitals, at the places where they have no holes.
_MATHEMATICAL: Final = tuple(
    str.maketrans(_LETTERS, _run(small, 26) + _run(capital, 26))
    for small, capital in ((0x1D41A, 0x1D400), (0x1D482, 0x1D468), (0x1D5BA, 0x1D5A0), (0x1D68A, 0x1D670))
)
_HOMOGLYPHS: Final = (
    str.maketrans("aceopsxyijABCEHIKMOPSTXY", "асеорѕхуіјАВСЕНІКМОРЅТХҮ"),
    str.maketrans("aovpiuABEHIKMNOPTXYZ", "αονριυΑΒΕΗΙΚΜΝΟΡΤΧΥΖ"),
    str.maketrans("gqhnosuz[]{}|/", "ցզհոօѕսᴢ［］｛｝｜∕"),
)
_CIRCLED: Final = str.maketrans(_LETTERS, _run(0x24D0, 26) + _run(0x24B6, 26))
_SQUARED: Final = str.maketrans(_LETTERS, _run(0x1F130, 26) * 2)
_PARENTHESIZED: Final = str.maketrans(_LOWER, _run(0x249C, 26))
_SMALL_CAPITALS: Final = str.maketrans(_LOWER, "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘǫʀꜱᴛᴜᴠᴡxʏᴢ")
_RAISED: Final = str.maketrans(_LOWER + _DIGITS, "ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖ𐞥ʳˢᵗᵘᵛʷˣʸᶻ⁰¹²³⁴⁵⁶⁷⁸⁹")
_LOWERED: Final = str.maketrans("aehijklmnoprstuvx" + _DIGITS, "ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ₀₁₂₃₄₅₆₇₈₉")
_REGIONAL: Final = str.maketrans(_LETTERS, _run(0x1F1E6, 26) * 2)
_TURNED: Final = str.maketrans(_LOWER + "?!.,", "ɐqɔpǝɟƃɥᴉɾʞlɯuodbɹsʇnʌʍxʎz¿¡˙'")
_FOLDING: Final = str.maketrans("skKiI- .:", "ſ\u212a\u212aıİ‐\u00a0․꞉")
_ACCENTS: Final = str.maketrans("aeiouyncsAEIOUYNCS", "áëîõůýñçšÁËÎÕŮÝÑÇŠ")
_BLANKS: Final = "\u00a0\u2003\u2009\u202f\u3000\u1680\u205f\u2028"
#: Each byte as eight characters that show nothing.
_BITS: Final = tuple(
    tuple("".join(one if byte >> place & 1 else zero for place in range(7, -1, -1)) for byte in range(256))
    for zero, one in (("\u2062", "\u2064"), ("\u200b", "\u200c"))
)


def _translated(*tables: Mapping[int, int | str]) -> Change:
    return lambda text, n: text.translate(tables[n % len(tables)])


def _tags(text: str, n: int) -> str:
    hidden = "".join(chr(0xE0000 + ord(character)) for character in text if " " <= character <= "~")
    return hidden + "\U000e007f" if n & 1 else hidden


def _tags_after(text: str, n: int) -> str:
    return ("Nice to meet you", "🏴", "ok", "")[n % 4] + _tags(text, n >> 2)


def _between(text: str, n: int) -> str:
    return _INVISIBLE[n % len(_INVISIBLE)].join(text)


def _around(text: str, n: int) -> str:
    hidden = _INVISIBLE[n % len(_INVISIBLE)] * (1 + n % 7)
    return f"{hidden}{text}{hidden}"


def _selectors(text: str, n: int) -> str:
    data = text.encode("utf-8", "surrogatepass")
    made = "".join(chr(0xFE00 + byte if byte < 16 else 0xE0100 + byte - 16) for byte in data)
    return ("😊", "a", "")[n % 3] + made


def _selector_each(text: str, n: int) -> str:
    selector = ("\ufe0f", "\ufe0e", "\U000e0100")[n % 3]
    return "".join(character + selector for character in text)


def _bits(text: str, n: int) -> str:
    table = _BITS[n % len(_BITS)]
    return "".join(table[byte] for byte in text.encode("utf-8", "surrogatepass"))


def _bidi(text: str, n: int) -> str:
    begin, end = _BIDI[n % len(_BIDI)]
    return f"{begin}{text[::-1] if n % len(_BIDI) in (0, 1) else text}{end}"


def _marked(text: str, n: int) -> str:
    mark = _MARKS[n % len(_MARKS)]
    return "".join(character + mark for character in text)


def _heaped(text: str, n: int) -> str:
    heap = "".join(_MARKS[(n + place) % len(_MARKS)] for place in range(2 + n % 15))
    return "".join(character + heap for character in text)


def _soft_hyphens(text: str, n: int) -> str:
    return ("\u00ad", "\u2027", "\u2011")[n % 3].join(text)


def _blanks(text: str, n: int) -> str:
    return text.replace(" ", _BLANKS[n % len(_BLANKS)])


def _mutator(name: str, summary: str, change: Change, *origin: str) -> Mutator:
    return Mutator(name=name, family=_FAMILY, origin=origin, summary=summary, change=change)


MUTATORS: Final = (
    _mutator(
        "zero-width-between", "a character that shows nothing between all others", _between,
        "PyRIT ZeroWidthConverter", "DeepTeam ZeroWidth", "garak badchars.BadCharacters",
    ),
    _mutator(
        "zero-width-around", "characters that show nothing before and after", _around,
        "garak badchars.BadCharacters",
    ),
    _mutator(
        "homoglyphs", "letters of other alphabets that look the same", _translated(*_HOMOGLYPHS),
        "promptfoo homoglyph", "PyRIT UnicodeConfusableConverter", "DeepTeam Homoglyph", "garak badchars.BadCharacters",
    ),
    _mutator("fullwidth", "the wide forms of ASCII", _translated(_FULLWIDTH), "own"),
    _mutator(
        "tag-characters", "the whole text in tag characters, which show nothing", _tags,
        "promptfoo ascii-smuggling", "garak encoding.InjectUnicodeTagChars", "PyRIT AsciiSmugglerConverter",
        "spikee ascii_smuggler", "garak goodside.Tag",
    ),
    _mutator(
        "tag-characters-after", "tag characters behind harmless words or an emoji", _tags_after,
        "garak encoding.InjectUnicodeTagChars", "garak goodside.Tag",
    ),
    _mutator(
        "variation-selectors", "bytes as variation selectors behind an emoji", _selectors,
        "promptfoo emoji", "garak encoding.InjectUnicodeVariantSelectors", "PyRIT VariationSelectorSmugglerConverter",
    ),
    _mutator("variation-selector-each", "a variation selector behind every character", _selector_each, "own"),
    _mutator(
        "invisible-bits", "bits as two characters that show nothing", _bits,
        "garak encoding.InjectSneakyBits", "PyRIT SneakyBitsSmugglerConverter",
    ),
    _mutator(
        "bidi-override", "controls of direction, so that it reads otherwise than it is stored", _bidi,
        "garak badchars.BadCharacters",
    ),
    _mutator(
        "mathematical", "alphabets of mathematics: bold, italic, sans-serif, typewriter", _translated(*_MATHEMATICAL),
        "PyRIT UnicodeSubstitutionConverter",
    ),
    _mutator("accents", "letters with accents", _translated(_ACCENTS), "PyRIT DiacriticConverter"),
    _mutator("marks", "a combining mark on every character", _marked, "PyRIT DiacriticConverter"),
    _mutator(
        "zalgo", "a heap of combining marks on every character", _heaped,
        "garak encoding.InjectZalgo", "PyRIT ZalgoConverter",
    ),
    _mutator("soft-hyphens", "soft hyphens between all characters", _soft_hyphens, "own"),
    _mutator(
        "enclosed", "letters in circles, squares or brackets", _translated(_CIRCLED, _SQUARED, _PARENTHESIZED),
        "own",
    ),
    _mutator("small-capitals", "small capitals of phonetic alphabets", _translated(_SMALL_CAPITALS), "own"),
    _mutator("superscript", "raised and lowered letters", _translated(_RAISED, _LOWERED), "PyRIT SuperscriptConverter"),
    _mutator("regional-indicators", "letters of flags", _translated(_REGIONAL), "PyRIT EmojiConverter"),
    _mutator("upside-down", "letters that stand on their heads", _translated(_TURNED), "own"),
    _mutator("case-folding", "characters that become ASCII when case or form is folded", _translated(_FOLDING), "own"),
    _mutator("other-blanks", "other blanks than the common one", _blanks, "own"),
)  # fmt: skip
