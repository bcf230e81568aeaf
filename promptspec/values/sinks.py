"""What plain text must not hold: links, markup, code, terminal escapes, invisible characters."""

from __future__ import annotations

import re
import string
from dataclasses import dataclass
from functools import cache
from typing import Final

from promptspec.values.cleaning import INVISIBLE, strip_invisible
from promptspec.values.formats import BadFormat, parse_url
from promptspec.values.untyped import Compiled, CompiledSet, category, compile_re2, compile_re2_set, normalize

#: Named in every reply; changes with any recogniser.
SINKS_VERSION: Final = "3"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recogniser:
    """A sink, what it is, and the RE2 patterns that find it in text after NFKC, with `i` for all letters.

    *origin* names the checks of PyRIT, garak and others that look for the same: names and ideas, not their patterns.
    """

    name: str
    meaning: str
    patterns: tuple[str, ...]
    origin: str = "own"


# Names at the top of the domain system. A bare name ends in one of the first kind; a two-letter country counts where
# a path, port or query follows, since "end.In" and "main.py" are no links.
_TOP: Final = (
    "com|net|org|edu|gov|mil|int|info|biz|app|dev|xyz|online|site|shop|store|top|club|click|link|live|page|cloud|tech|"
    "blog|wiki|zip|mov|space|website|icu|vip|work|world|today|news|email|host|press|agency|digital|network|systems|"
    "io|ai|ru|cn|uk|de|fr|nl|pl|jp|kr|br|eu|ch|cz|se|tv|cc|ly|gg|ws|tk|ml|ga|cf|gq|su|ua|kz|"
    "рф|бел|укр|срб|қаз|中国|中國|香港|台湾|台灣|한국|भारत|ไทย|مصر|امارات|السعودية|ایران|ישראל|ευ|ελ|გე|հայ"
)
# The end of a host's name and its full stop; what stands before it changes nothing.
_HOST: Final = r"[\pL\pM\pN\-]\."

# Browsers drop tabs and line breaks wherever they stand in an address.
_GAP: Final = r"[\t\n\r]*"
_HTTP, _HTTPS, _JAVASCRIPT, _VBSCRIPT, _DATA = map(_GAP.join, ("http", "https", "javascript", "vbscript", "data"))

RECOGNISERS: Final = (
    Recogniser(
        name="url",
        origin="garak web_injection.MarkdownExfilExtendedNonImage; PyRIT MarkdownInjectionScorer; own",
        meaning="an address with `://`, or one that mail and chat programs make into a link by themselves",
        patterns=(
            r"[^\s:/]:[/\\][/\\]",
            # Browsers take `https:host` and `https:/host`; readers mend `hxxp` and `[:]`.
            r"\bhttps?\s?:\s?[/\\]|\bh(?:xx|\*\*)ps?\s?:|\bh(?:tt|xx|\*\*)ps?\s?[\[({]:[\])}]",
            # "JavaScript: the good parts" is prose, "javascript: alert(1)" is not.
            r"\b(?:java|vb|live)script:(?:\S|\s?[\w$]+\s?[(=.\[`])|\b(?:mailto|view-source):\s?\S+",
            # In pieces, so that less passes for prose: a column may read "java", "script: done."
            rf"\b(?:{_JAVASCRIPT}|{_VBSCRIPT}){_GAP}:(?:\S|\s*[\w$.]+[(=\[`])",
            rf"\b(?:{_HTTPS}|{_HTTP}){_GAP}:(?:\S|{_GAP}[/\\])",
            rf"\b{_DATA}{_GAP}:(?:[,;]|[a-z\-]+/[a-z]|{_GAP}(?:application|audio|font|image|text|video)/[a-z])",
            r"\bfile:[/\\]|\bs?ftp:\S|\bblob:(?:http|null)|\bintent:[/#]",
            r"\babout:(?:blank|srcdoc|config)\b|\bchrome:[/\\]",
            r"\bmagnet:\?",
            r"\bwww[0-9]{0,2}\.[\pL\pN]",
            r"(?:^|[\s\"'(=\[<,{])[/\\][/\\][\pL\pN\-]+(?:\.[\pL\pN]|[/\\:])",
            rf"{_HOST}(?:{_TOP})(?:[^\pL\pN\pM_\-]|$)",
            rf"{_HOST}[a-z]{{2}}(?::[0-9]{{2,5}}/|[/?#][\pL\pN?#%=&_~\-])",
            rf"{_HOST}[a-z]{{3,24}}(?::[0-9]{{2,5}}(?:/|$|\s)|/[\pL\pN%_~\-]+[/?=])",
            r"(?:^|[^\pL\pN.])[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?::[0-9]{2,5}|/[a-z?#])",
            r"\bxn--[a-z0-9]",
            r"[\pL\pN]\s?[\[({]\s?(?:\.|dot)\s?[\])}]\s?[\pL]{2}",
        ),
    ),
    Recogniser(
        name="html",
        origin="garak web_injection.XSS, HtmlImgExfil; PyRIT XSSOutputScorer",
        meaning="`<` right before a letter, `/` and a letter, `!` or `?`; a reference such as `&lt;` or `&#60`",
        patterns=(
            r"<(?:[a-z]|/[a-z]|!|\?)",
            r"&#(?:[0-9]|x[0-9a-f])",
            r"&(?:lt|gt|amp|quot|apos|nbsp|colon|sol|bsol|lpar|rpar|lsqb|lbrack|rsqb|rbrack|newline|tab|period|commat"
            r"|equals|num|excl|grave|lbrace|lcub);",
        ),
    ),
    Recogniser(
        name="markdown_link",
        origin="garak web_injection.MarkdownExfilExtendedNonImage; PyRIT MarkdownInjectionScorer",
        meaning="`](`, or a line `[name]: address`",
        patterns=(r"\]\(", r"(?m:^[ \t>*\-]{0,9}\[[^\]\n]+\]:[ \t]*\S)"),
    ),
    Recogniser(
        name="markdown_image",
        origin="garak web_injection.MarkdownExfilBasic, MarkdownExfilExtendedImage; PyRIT MarkdownInjectionScorer",
        meaning="`![`",
        patterns=(r"!\[",),
    ),
    Recogniser(
        name="autolink",
        origin="own",
        meaning="`<scheme:…>` or `<name@host>`",
        patterns=(r"<[a-z][a-z0-9+.\-]+:[^\s<>]*>", r"<[^\s<>@]+@[^\s<>]+>"),
    ),
    Recogniser(
        name="code_fence",
        origin="own",
        meaning="three backticks anywhere, or `~~~` at the start of a line",
        patterns=(r"```", r"(?m:^[ \t>]{0,9}~~~)"),
    ),
    Recogniser(
        name="markup",
        origin="own",
        meaning=(
            "`# heading`, a line of `=` under text, `**strong**`, `*emphasis*` and `_emphasis_` between blanks, "
            "`~~struck~~`, code in backticks, a table's line of dashes; lists with `-` or `1.`, lines of `-` "
            "and quotes with `>` stay plain"
        ),
        patterns=(
            r"(?m:^ {0,3}#{1,6}[ \t]+\S)",
            r"(?m:\S[ \t]*\n {0,3}={3,}[ \t]*$)",
            r"\*\*[^\s*][^*\n]*\*\*|~~[^\s~][^~\n]*~~",
            r"(?:^|[^\pL\pN_])__[^\s_](?:[^\n]*[^\s_])?__(?:[^\pL\pN_]|$)",
            r"(?:^|[\s(\"'])\*[^\s*](?:[^*\n]*[^\s*])?\*(?:[\s)\"'.,;:!?]|$)",
            r"(?:^|[\s(\"'])_[^\s_](?:[^_\n]*[^\s_])?_(?:[\s)\"'.,;:!?]|$)",
            r"`[^`\n]+`",
            r"(?m:^[ \t]*\|?[ \t]*:?-{3,}:?[ \t]*\|)",
        ),
    ),
    Recogniser(
        name="bbcode",
        origin="own",
        meaning="tags of forums in square brackets, such as `[img]` and `[/url]`",
        patterns=(r"\[(?:url|img|code|quote|size|color|email|video|spoiler)[=\]]|\[/(?:b|i|u|s|url|img|code|quote)\]",),
    ),
    Recogniser(
        name="terminal_escape",
        origin="garak ansiescape.Escaped, Raw; PyRIT AnsiEscapeOutputScorer, EscapedAnsiOutputScorer",
        meaning="a control character other than TAB, LF and CR, or an escape spelt out, such as `\\x1b[`",
        patterns=(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x{80}-\x{9f}]", r"\\(?:x1b|033|e|u001b|u\{1b\})\["),
    ),
    Recogniser(
        name="sql",
        meaning="a statement behind a quote or `;`, `union select`, a condition that always holds",
        patterns=(
            r"\bunion\s+(?:all\s+|distinct\s+)?select\b",
            r";\s*(?:(?:drop|alter|create|truncate)\s+(?:table|database|schema|view|user|index|procedure)\b|delete\s+from\b"
            r"|insert\s+into\b|update\s+\w+\s+set\b|shutdown\s*(?:;|--)|exec(?:ute)?\s+[\w@.\[]+|select\s+[\w*@(]+\s*(?:[,(]|from\b))",
            r"\bselect\s+(?:\*|@@|[\w.]+\()\s*.{0,200}\bfrom\b|\bwaitfor\s+delay\b\s*'|\bxp_cmdshell\b",
            r"['\")]\s*(?:or|and)\s+['\"(]*\w+['\")]*\s*(?:=|<|>|like\b)",
            r"\b(?:or|and)\s+([0-9]+)\s*=\s*[0-9]+|'\s*\)*\s*;?\s*(?:--|#|/\*)",
            r"[\"'{]\s*\$(?:where|ne|gte?|lte?|regex|or|nin)\b",
        ),
        origin="garak exploitation.SQLiEcho; PyRIT SQLInjectionOutputScorer; own (NoSQL)",
    ),
    Recogniser(
        name="shell",
        meaning="a command that is substituted, chained or piped, a shell by its path, `rm -rf`",
        patterns=(
            r"\$\([^\s)]|\|\s*(?:ba|z|da|k)?sh\b|/bin/(?:ba|z|da)?sh\b|\bbash\s+-[ic]\b|/dev/tcp/|>\s*/dev/|:\(\)\s*\{",
            r"[;|&]\s*(?:cat|curl|wget|nc|ncat|python3?|perl|rm|chmod|chown|sudo|nslookup|ping|echo|ls|cp|mv)\s+[\-/~$.<|'\"]",
            r"(?:&&|\|\|)\s*[a-z][\w./\-]*\s+\S",
            r"\brm\s+-[rf]|\b(?:curl|wget)\s+-|\bsudo\s+(?:rm|apt|cat|su|bash|chmod)\b\s*[-/.]",
            r"\bpowershell(?:\.exe)?\s+-|\bcmd(?:\.exe)?\s+/c\b|\b(?:iex|invoke-expression)\s*\(",
        ),
        origin="PyRIT ShellCommandOutputScorer; own",
    ),
    Recogniser(
        name="template",
        meaning="`{{ … }}`, `{% … %}`, `<% … %>`, `${…}`, `#{…}`, `*{…}`, names such as `__class__`",
        patterns=(
            r"\{\{.{0,300}?\}\}|\{%.{0,300}?%\}|<%.{0,300}?%>|[$#*%@]\{[^{}\n]{1,300}\}",
            r"__(?:class|globals|import|builtins|subclasses|mro|init|reduce)__",
        ),
        origin="garak exploitation.JinjaTemplateInjectionDetector; PyRIT SSTIOutputScorer",
    ),
    Recogniser(
        name="request_forgery",
        meaning="addresses of the machine itself or of a cloud's metadata, schemes of other protocols",
        patterns=(
            r"\b(?:169\.254\.169\.254|100\.100\.100\.200|127\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3})\b|\b0\.0\.0\.0[:/]",
            r"\blocalhost(?::[0-9]|/)|\[::(?:1|ffff:[0-9a-f.:]+)?\]|\bmetadata\.google",
            r"\b(?:gopher|dict|ldaps?|netdoc|jar|phar|expect|php|sftp|tftp|jndi):[/a-z]",
        ),
        origin="PyRIT SSRFOutputScorer; own",
    ),
    Recogniser(
        name="xml_entity",
        meaning="a document type or an entity of XML, an inclusion",
        patterns=(
            r"<!\s*(?:doctype|entity)\b",
            r"\b(?:system|public)\s+[\"'](?:file|https?|php|expect):|<xi:include\b|\]\]>",
        ),
        origin="PyRIT XXEOutputScorer; own",
    ),
    Recogniser(
        name="ldap",
        meaning="filters of a directory: `)(|(`, `(&(`, `(name=*)`",
        patterns=(r"\([|&!]\s*\(|\)\s*\(\s*[|&]|\*\)\s*\(|\([a-z]{1,40}=\*\)",),
        origin="PyRIT LDAPInjectionOutputScorer; own",
    ),
    Recogniser(
        name="path_traversal",
        meaning="`../`, also encoded; files of a system that hold accounts or keys",
        patterns=(
            r"(?:^|[^.])\.\.[/\\]|(?:%2e|%c0%ae|%252e){2}(?:%2f|%5c|%252f|[/\\])|\.\.(?:%2f|%5c|%252f|%c0%af)",
            r"/etc/(?:passwd|shadow|hosts|sudoers)|/proc/self/|/\.ssh/|\.aws/credentials|\b[a-z]:\\(?:windows|winnt)\b|\bboot\.ini\b",
        ),
        origin="PyRIT PathTraversalOutputScorer; own",
    ),
    Recogniser(
        name="open_redirect",
        meaning="a parameter such as `next=` that holds an address; a line break in a header",
        patterns=(
            r"[?&](?:url|uri|next|redir(?:ect)?(?:_ur[il])?|return(?:_?to|_?url)?|dest(?:ination)?|continue|goto|target|callback)"
            r"=\s*(?:https?\b|[/\\]{2}|%2f|%5c)",
            r"%0d%0a|%0a[a-z\-]+:|(?m:^(?:set-cookie|location|bcc):[ \t]*\S+=?[/\S])",
        ),
        origin="PyRIT OpenRedirectOutputScorer; own (headers)",
    ),
    Recogniser(
        name="credential",
        meaning="keys of well-known services, private keys, tokens, `password=` with digits behind it",
        patterns=(
            r"\b(?:akia|asia)[0-9a-z]{16}\b|\baiza[0-9a-z_\-]{35}|\bgh[pousr]_[0-9a-z]{30,}|\bgithub_pat_",
            r"\bglpat-[0-9a-z_\-]{16,}|\bsk-(?:[a-z]+-)?[0-9a-z_\-]{20,}|\b[rs]k_(?:live|test)_[0-9a-z]{16,}",
            r"\bxox[abeprs]-[0-9a-z\-]{10,}|\bhf_[0-9a-z]{30,}|\beyj[0-9a-z_\-]{10,}\.eyj[0-9a-z_\-]{6,}",
            r"-----begin [a-z ]{0,30}private key",
            r"\b(?:password|passwd|pwd|api[_\- ]?key|secret|access[_\- ]?token)\s?[=:]\s?[\"']?"
            r"[\w!@$%^&*+/\-]{0,30}[0-9][\w!@$%^&*+/\-]{4,}",
        ),
        origin="garak apikey.ApiKey; PyRIT CredentialLeakScorer",
    ),
    Recogniser(
        name="package",
        meaning="a command that installs a package by name, an import of a module",
        patterns=(
            r"\b(?:pip3?|pipx|npm|gem|cargo|brew|conda|apt|apt-get|dnf|yum|pnpm|winget|choco)\s+install\s+[\w@.\-]",
            r"\b(?:yarn|pnpm|cargo|poetry|uv|npm|bun)\s+add\s+[\w@.\-]+|\bnpx\s+-y\b|\bgo\s+get\s+[\w.\-]+/",
            r"(?m:^\s*from\s+[\w.]+\s+import\s+[\w*]+|^\s*import\s+[\w.]+\s+as\s+\w+\s*$)|\brequire\(['\"]",
        ),
        origin="garak packagehallucination; PyRIT PackageHallucinationScorer; own",
    ),
    Recogniser(
        name="test_signature",
        meaning="the strings by which scanners for viruses, spam and phishing are tried: EICAR, GTUBE, GTphish",
        patterns=(r"eicar-standard-antivirus|\*gtube-|\*gtphish\*|x5o!p%@ap",),
        origin="garak knownbadsignatures.EICAR, GTUBE, GTphish",
    ),
    Recogniser(
        name="formula",
        meaning="a formula of a spreadsheet that calls a function, at the start of a line",
        patterns=(r"(?m:^[=@+\-][a-z]{2,20}\s?[(|!])",),
        origin="own",
    ),
    Recogniser(
        name="latex",
        meaning="links, files and commands of LaTeX",
        patterns=(r"\\(?:href|url|includegraphics|input|include|write18|openin|immediate)\s?\{",),
        origin="own",
    ),
    Recogniser(
        name="serialized",
        meaning="objects of YAML, PHP or Python that are built, or code that is run, where they are read",
        patterns=(r"!!python/|\bo:[0-9]+:\"[a-z\\]|\bcos\nsystem\b|\beval\((?:atob|base64|compile)|\bos\.system\(",),
        origin="garak exploitation.PythonCodeExecution; own",
    ),
)

#: Names of all recognisers, in the order in which hits are given.
SINKS: Final = (*(recogniser.name for recogniser in RECOGNISERS), "invisible")

# Full stops, slashes and colons that programs or people take for the ASCII ones and NFKC leaves alone.
_LOOK_ALIKES: Final = str.maketrans({"。": ".", "․": ".", "∕": "/", "⁄": "/", "⧸": "/", "∶": ":", "꞉": ":", "ː": ":"})
_SENTINEL: Final = 0
# What recognisers match nothing of: each needs a full stop within a word, or a character that is none of these.
_PROSE: Final = string.ascii_letters.encode() + string.digits.encode() + b" \n,!?'\""
# Words without which no recogniser matches text of such characters alone.
_NOT_PROSE: Final = (b"select", b"install", b"import", b" add", b"akia", b"asia", b"aiza")
# An https link in a text. What stands before it is no part of an address; behind the host there is a path, a query or
# a fragment, or a blank, so that nothing that follows can be read as a part of the host: browsers drop line breaks.
_LINK: Final = re.compile(
    r"""(?<![\w+.\-/\\@:%&=\#?])https://(?P<host>[a-z0-9.\-]{1,253})
    (?:(?P<rest>[/?\#][A-Za-z0-9\-._~/%+=&?\#,;!$*]*)|(?=[.,;:!?"')\]}*]*(?:[ ]|\Z)))""",
    re.VERBOSE,
)
# In a path or a query: the start of another address, plainly or encoded, which a server may send a reader on to.
_ONWARD: Final = re.compile(r"//|%(?:25)*(?:2f%(?:25)*2f|5c)", re.IGNORECASE)
#: What stands for a link that is allowed: a word, so that what surrounds it is judged as it would be around the link.
_LINKED: Final = "link"


def find_sinks(text: str) -> tuple[str, ...]:
    """Return the names of the sinks that *text* holds, in the order of SINKS.

    Letters of other widths and look-alikes of `.`, `/` and `:` count as the ASCII ones. Linear in the text. None found
    does not make a text safe to put into HTML: escaping is the page's duty (rule 18).
    """
    invisible = False
    if not text.isascii():
        invisible = not INVISIBLE.isdisjoint(text) and strip_invisible(text) != text
        text = _folded(text)
    elif is_prose(text.encode()):
        return ()
    names = _names_hit(text.encode("utf-8", "replace"))
    if invisible:
        names.add("invisible")
    return tuple(name for name in SINKS if name in names) if names else ()


def without_links(text: str, hosts: tuple[str, ...], queries: tuple[str, ...] = ()) -> str:
    """Return *text* with a word in place of each allowed link: what is left must be plain.

    A link is allowed where it begins with `https://`, then one of *hosts*, exactly, then a path, a fragment, or
    nothing: a blank or the end of the text. A query follows only where the host is one of *queries*. It has no port,
    user name, backslash or second `//`. Full stops and commas at its end are the sentence's. Linear in the text.
    """

    def judged(match: re.Match[str]) -> str:
        link = match.group().rstrip(_CLOSING)
        return _LINKED + match.group()[len(link) :] if _is_allowed(link, hosts, queries) else match.group()

    return _LINK.sub(judged, text)


_CLOSING: Final = ".,;!?*"


def _is_allowed(link: str, hosts: tuple[str, ...], queries: tuple[str, ...]) -> bool:
    host = link.removeprefix("https://").partition("/")[0].partition("?")[0].partition("#")[0]
    if host not in hosts or _ONWARD.search(link, len("https://")):
        return False
    try:
        parse_url(link, hosts, query=host in queries)
    except BadFormat:
        return False
    return True


def escape_terminal(text: str, most: int = 200) -> str:
    """Return *text* for a terminal: controls, format and unassigned characters as `\\u{…}`, at most *most* characters.

    What is longer ends in `…`, which counts (rule 31).
    """
    shown: list[str] = []
    length = 0
    for character in text[: most + 1]:
        piece = character if _shows(character) else f"\\u{{{ord(character):x}}}"
        length += len(piece)
        shown.append(piece)
    if length <= most and len(text) <= most:
        return "".join(shown)
    while shown and length > most - 1:
        length -= len(shown.pop())
    return "".join(shown) + "…"


def _shows(character: str) -> bool:
    if character.isascii():
        return character.isprintable()
    return character not in INVISIBLE and category(character) not in {"Cc", "Cf", "Cn", "Cs", "Co", "Zl", "Zp"}


def _folded(text: str) -> str:
    try:
        return normalize("NFKC", text).translate(_LOOK_ALIKES)
    except UnicodeEncodeError:
        return text


def _names_hit(text: bytes) -> set[str]:
    hits = _together().Match(text)
    if hits is None:
        # Not even the sentinel: RE2 ran out of memory for the set, and one by one the patterns need far less.
        return {name for name, pattern in _one_by_one() if pattern.search(text) is not None}
    return {_owners()[hit] for hit in hits if hit != _SENTINEL} if len(hits) > 1 else set()


def is_prose(text: bytes) -> bool:
    """Say whether *text* is of ASCII letters, digits, blanks, `,!?'"`, and full stops that end a sentence.

    None of the words stands in it that some recogniser needs. No recogniser matches any of it, and finding that out
    here takes a fifth of the time.
    """
    if text.replace(b". ", b"").removesuffix(b".").translate(None, _PROSE):
        return False
    lower = text.lower()
    for word in _NOT_PROSE:  # noqa: SIM110  a generator would take as long again
        if word in lower:
            return False
    return True


@cache
def _together() -> CompiledSet:
    """All patterns as one automaton, first a sentinel that matches every text."""
    return compile_re2_set(["", *_sources()])


@cache
def _one_by_one() -> tuple[tuple[str, Compiled], ...]:
    return tuple((name, compile_re2(source)) for name, source in zip(_owners()[1:], _sources(), strict=True))


@cache
def _owners() -> tuple[str, ...]:
    return ("", *(recogniser.name for recogniser in RECOGNISERS for _ in recogniser.patterns))


def _sources() -> tuple[str, ...]:
    return tuple(f"(?i){pattern}" for recogniser in RECOGNISERS for pattern in recogniser.patterns)
