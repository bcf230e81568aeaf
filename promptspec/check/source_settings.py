"""Settings of a source as written: which there are, which go with its kind, and what they may be."""

from __future__ import annotations

from typing import Final

from promptspec.check.desk import Desk
from promptspec.diagnostics import Label, did_you_mean
from promptspec.syntax import tree

#: The kinds of files, and of origins that only a pull and the running application read.
FILE_KINDS: Final = ("csv", "json", "jsonl", "parquet")
LIVE_KINDS: Final = ("sql", "http", "python")

_SETTINGS: Final = ("key", "label", "columns", "trust", "select", "most", "pin", "refresh", "stale", "time")
_OF_ORIGINS: Final = ("refresh", "stale", "time")
_EXAMPLES: Final = {
    "key": "key id",
    "label": "label title",
    "trust": "trust curated",
    "select": 'select "$.items[*]"',
    "most": "most 20_000_000",
    "pin": 'pin "sha256:…"',
    "refresh": "refresh 10m",
    "stale": "stale 1d",
    "time": "time 10s",
}
_SECOND: Final = 1_000
_DAY: Final = 86_400 * _SECOND


def read_settings(desk: Desk, declared: tree.SourceDeclaration) -> dict[str, tree.Setting] | None:
    """Return the settings of *declared* by their names; None after a report."""
    found: dict[str, tree.Setting] = {}
    sound = True
    for setting in declared.settings:
        if isinstance(setting, tree.Columns):
            continue
        name = setting.name.text
        if name not in _SETTINGS:
            desk.add(
                "PS803",
                setting.name.span,
                f"a source has no setting `{name}`",
                help=did_you_mean(name, _SETTINGS) or f"settings are {listed(_SETTINGS)}",
            )
            sound = False
        elif name in found:
            desk.add(
                "PS201",
                setting.name.span,
                f"`{name}` is set twice",
                labels=[Label(span=found[name].span, message="first set here")],
                help="drop one of them",
            )
            sound = False
        elif not _fits(setting):
            desk.add("PS803", setting.value.span, f"`{name}` does not take this", help=f"write `{_EXAMPLES[name]}`")
            sound = False
        else:
            found[name] = setting
    return found if sound and _goes_with(desk, declared.kind.text, found) else None


def _goes_with(desk: Desk, kind: str, found: dict[str, tree.Setting]) -> bool:
    """Report settings that a source of this kind cannot have, and say whether there are none."""
    before = len(desk.report.errors)
    if kind in FILE_KINDS:
        for name in _OF_ORIGINS:
            if name in found:
                desk.add(
                    "PS812",
                    found[name].span,
                    f"a source from `{kind}` has no `{name}`",
                    help="its file is read when the spec is compiled, and the module is stale when the file changes",
                )
    elif (trust := found.get("trust")) is not None and _is_curated(trust):
        desk.add(
            "PS812",
            trust.span,
            f"a source from `{kind}` cannot be `trust curated`",
            help="nobody vouches for rows that come after the spec was read: its columns are open, and fenced",
        )
    if "select" in found and kind not in ("json", "http"):
        desk.add("PS803", found["select"].span, "`select` is for json", help="drop it")
    refresh, stale = duration(found.get("refresh")), duration(found.get("stale"))
    if stale is not None and refresh is None:
        desk.add(
            "PS803",
            found["stale"].span,
            "`stale` says how long rows serve while `refresh` fails, and there is no `refresh`",
            help="write `refresh 10m` too: a source without it never goes stale",
        )
    elif stale is not None and refresh is not None and stale <= refresh:
        desk.add("PS803", found["stale"].span, "`stale` is longer than `refresh`", help="write `stale 1d`")
    return len(desk.report.errors) == before


def duration(setting: tree.Setting | None) -> int | None:
    """Return the milliseconds that a setting says."""
    return setting.value.milliseconds if setting and isinstance(setting.value, tree.DurationLiteral) else None


def is_trusted(setting: tree.Setting | None) -> bool:
    """Say whether a setting is `trust curated`; `trust open` is what holds without one."""
    return setting is not None and _is_curated(setting)


def _is_curated(setting: tree.Setting) -> bool:
    return isinstance(setting.value, tree.WordLiteral) and setting.value.name == "curated"


def listed(words: tuple[str, ...]) -> str:
    """Return *words* in backticks, between commas."""
    return ", ".join(f"`{word}`" for word in words)


def _fits(setting: tree.Setting) -> bool:
    value = setting.value
    match setting.name.text:
        case "key" | "label":
            return isinstance(value, tree.WordLiteral | tree.StringLiteral)
        case "trust":
            return isinstance(value, tree.WordLiteral) and value.name in ("curated", "open")
        case "select" | "pin":
            return isinstance(value, tree.StringLiteral)
        case "time":
            return isinstance(value, tree.DurationLiteral) and 100 <= value.milliseconds <= 3_600 * _SECOND
        case "refresh" | "stale":
            return isinstance(value, tree.DurationLiteral) and _SECOND <= value.milliseconds <= 3_650 * _DAY
        case _:
            return (
                isinstance(value, tree.NumberLiteral) and value.value == int(value.value) and 0 < value.value <= 10**9
            )
