"""What a run found, for people and for programs: each report is a function from a `RunResult` to text.

The page is made with the standard library: a tree of elements, in which every string is text and is escaped where the
tree is written. A template engine would be one more dependency, and escapes only what is not marked as safe; here
nothing can be.
"""

from promptspec.fuzz.reports.html import render_html
from promptspec.fuzz.reports.jsonl import render_jsonl
from promptspec.fuzz.reports.junit import render_junit
from promptspec.fuzz.reports.live import LiveProgress, PlainProgress
from promptspec.fuzz.reports.sarif import render_sarif
from promptspec.fuzz.reports.terminal import render_terminal

__all__ = [
    "LiveProgress",
    "PlainProgress",
    "render_html",
    "render_jsonl",
    "render_junit",
    "render_sarif",
    "render_terminal",
]
