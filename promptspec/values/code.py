"""Code of a named language: which languages there are, what such a text must not hold, and whether it parses."""

from __future__ import annotations

import io
from typing import Final

from promptspec.values.quiet import without_warnings
from promptspec.values.sinks import find_sinks

#: Languages that a text may name, and what people call them. Those of PARSED must parse.
LANGUAGES: Final = {
    "bash": "Bash",
    "c": "C",
    "cpp": "C++",
    "csharp": "C#",
    "css": "CSS",
    "go": "Go",
    "html": "HTML",
    "java": "Java",
    "javascript": "JavaScript",
    "json": "JSON",
    "kotlin": "Kotlin",
    "php": "PHP",
    "python": "Python",
    "ruby": "Ruby",
    "rust": "Rust",
    "sql": "SQL",
    "swift": "Swift",
    "typescript": "TypeScript",
    "yaml": "YAML",
}
PARSED: Final = frozenset({"json", "python"})

#: What is a sink in code as well: fences, escapes of terminals, and what does not show (Trojan Source).
_SINKS: Final = frozenset({"code_fence", "terminal_escape", "invisible"})
#: Characters of Python that are parsed, brackets and blocks inside each other, signs in a row, and operators of a line
#: that nest to the right. CPython's parser recurses for each, and within these bounds needs less than 512 KiB of stack.
MOST_PYTHON: Final = 100_000
_MOST_DEPTH: Final = 40
_MOST_SIGNS: Final = 8
_MOST_NESTED: Final = 100
_MOST_BRANCHES: Final = 400
_NESTING: Final = frozenset({"not", "lambda", "await", "else", "**"})


def code_problem(text: str, language: str) -> str | None:
    """Return why *text* is not acceptable code of *language*, as a rule and so without its words, or None.

    The rules are `plain` (a fence, an escape, or what does not show), and `code` where JSON or Python does not parse.
    JSON is read as strictly as replies are; Python by the grammar of the running interpreter, within bounds that keep
    its parser from crashing. Nothing is run.
    """
    if not _SINKS.isdisjoint(find_sinks(text)):
        return "plain"
    if language == "json":
        return None if _is_json(text) else "code"
    if language == "python":
        return None if _is_python(text) else "code"
    return None


def as_code(language: str, text: str) -> str:
    """Return plain words as code of *language* that does nothing; at most two characters are added."""
    match language:
        case "python":
            return f"# {text}" if len(text) > 1 else "1"
        case "json":
            return f'"{text}"' if len(text) > 1 else "1"
        case _:
            return text


def _is_json(text: str) -> bool:
    from promptspec.values.reading import Unreadable, read_json

    try:
        read_json(text)
    except Unreadable:
        return False
    return True


def _is_python(text: str) -> bool:
    import ast

    if len(text) > MOST_PYTHON or not _is_shallow(text):
        return False
    with without_warnings():  # the parser warns of odd escapes, and would print lines of the text
        try:
            ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False
    return True


def _is_shallow(text: str) -> bool:
    """Say whether *text* can be cut into tokens, and nests within the bounds."""
    import tokenize

    depth = signs = nested = blocks = branches = 0
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            word = token.string
            depth += (word in "([{") - (word in ")]}") if token.type == tokenize.OP else 0
            blocks += (token.type == tokenize.INDENT) - (token.type == tokenize.DEDENT)
            signs = signs + 1 if word in ("-", "+", "~") else 0
            branches += word == "elif"
            if token.type == tokenize.NEWLINE:
                nested = 0
            elif word in _NESTING:
                nested += 1
            elif token.type == tokenize.STRING and "f" in word[:3].lower():
                # Up to Python 3.11 one token, whatever stands in it.
                nested += sum(map(word.count, ("-", "+", "~", "not", "lambda", "await", "else", "**", "(", "[")))
            if depth > _MOST_DEPTH or blocks > _MOST_DEPTH or signs > _MOST_SIGNS or nested > _MOST_NESTED:
                return False
            if branches > _MOST_BRANCHES:
                return False
    except (tokenize.TokenError, SyntaxError, ValueError):
        return False
    return True
