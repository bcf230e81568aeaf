"""Values of another type, at and over their bounds, and keys that are missing, extra, or look alike."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from promptspec.contract.json_text import json_text
from promptspec.contract.types import (
    Date,
    DateTime,
    Email,
    Integer,
    Number,
    Url,
)
from promptspec.fuzz.lies.choices import near_misses
from promptspec.fuzz.lies.telling import raw_values
from promptspec.fuzz.lies.values import entries_of

if TYPE_CHECKING:
    from promptspec.fuzz.lies.sites import Site

_OTHERS: Final = (
    "null",
    "true",
    "false",
    "0",
    "1",
    "-1",
    "4",
    "4.0",
    "4.5",
    "1e3",
    "-0.0",
    '""',
    '"a"',
    '"4"',
    '"true"',
    '"null"',
    "[]",
    "{}",
    "[null]",
    '["a"]',
    "[[]]",
    '{"answer":"a"}',
    '{"$ref":"#"}',
    '{"type":"string"}',
    "9007199254740993",
)


def _other_types(site: Site) -> Iterator[str]:
    yield from _OTHERS


def _wrapped(site: Site) -> Iterator[str]:
    raw = json_text(site.value)
    yield from (f"[{raw}]", f'{{"value":{raw}}}', json_text(raw), f"[{raw},{raw}]", f'{{"0":{raw}}}')


def _as_text(site: Site) -> Iterator[str]:
    if isinstance(site.value, int | Decimal | bool):
        yield json_text(json_text(site.value))


def _numbers(site: Site) -> Iterator[str]:
    match site.type:
        case Integer(least=least, most=most):
            for bound in dict.fromkeys((least, most)):
                yield from (str(bound - 1), str(bound), str(bound + 1), f"{bound}.0", f"{bound}.5", f"{bound}e0")
            yield from ("-0", "9007199254740992", "9007199254740993", "true")
        case Number(least=least, most=most, places=places):
            step = Decimal(1).scaleb(-places)
            for bound in dict.fromkeys((least, most)):
                yield from (f"{value:f}" for value in (bound - step, bound, bound + step, bound + step / 10))
            yield from (
                f"{least + step / 10:f}",
                f"{least:f}" + ("0" if places else ".0"),
                f"{least}e0",
                "-0.0",
                "true",
                '"1"',
            )
        case _:
            return


def _days(site: Site) -> Iterator[str]:
    if not isinstance(site.type, Date):
        return
    today = site.subject.today
    for bound in dict.fromkeys((site.type.least, site.type.most, "today")):
        day = today if bound == "today" else bound
        if isinstance(day, date):
            yield from (json_text(day + timedelta(days)) for days in (-1, 0, 1))
    yield from map(
        json_text,
        (
            "2026-02-30",
            "2026-2-3",
            "20260203",
            "2026-02-03T00:00:00Z",
            "03.02.2026",
            "tomorrow",
            "2026-W05-1",
            "0000-01-01",
            "10000-01-01",
            "2026-13-01",
            "2025-02-29",
            "２０２６-01-01",
            "2026-01-31 ",
            "-2026-01-31",
            "2026-031",
        ),
    )


def _moments(site: Site) -> Iterator[str]:
    if isinstance(site.type, DateTime):
        yield from map(
            json_text,
            (
                "2026-01-31T09:30:00",
                "2026-01-31T09:30Z",
                "2026-01-31 09:30:00Z",
                "2026-01-31T24:00:00Z",
                "2026-01-31T09:30:60Z",
                "2026-01-31T09:30:00-00:00",
                "2026-01-31T09:30:00+25:00",
                "2026-01-31T09:30:00.1234567Z",
                "2026-01-31T09:30:00z",
                "now",
                "1769851800",
            ),
        )


def _addresses(site: Site) -> Iterator[str]:
    if isinstance(site.type, Url):
        hosts = site.type.hosts or ("example.org",)
        for host in hosts[:2]:
            yield from map(
                json_text,
                (
                    f"http://{host}/",
                    f"https://{host}:444/",
                    f"https://{host}@evil.example/",
                    f"https://evil.example/{host}",
                    f"https://{host}.evil.example/",
                    f"https://evil{host}/",
                    f"https://u:p@{host}/",
                    f"https://{host}\\@evil.example/",
                    f"https://{host}/?q=secret",
                    f"https://{host}/#x",
                    f"//{host}/",
                    f"https://{host.upper()}/",
                    f"https://{host}./",
                    f" https://{host}/",
                    f"https://{host}/\n",
                    f"javascript://{host}/%0aalert(1)",
                    f"https://{host}/{'a' * 2_048}",
                    f"https://{host}/\u202e",
                    f"https://{host.replace('.', '。')}/",
                    f"https:/{host}/",
                    f"https://{host}%2eevil.example/",
                ),
            )
    elif isinstance(site.type, Email):
        yield from map(
            json_text,
            (
                "a@b@c",
                "@b.co",
                "a@",
                "a b@c.co",
                '"a b"@c.co',
                "a@-b.co",
                "ä@b.co",
                "a@b.co\n",
                "A <a@b.co>",
                "a@b.co,c@d.co",
                "a@[192.0.2.1]",
                "a" * 250 + "@b.co",
                "a@b\u200b.co",
                "mailto:a@b.co",
                "a@b.co?bcc=c@d.co",
            ),
        )


# Keys


def _objects(site: Site) -> Iterator[dict[str, object]]:
    entries = entries_of(site.value)
    if entries:
        yield dict(entries)


def _missing(site: Site) -> Iterator[str]:
    for entries in _objects(site):
        for gone in entries:
            yield json_text({name: value for name, value in entries.items() if name != gone})


def _extra(site: Site) -> Iterator[str]:
    for entries in _objects(site):
        for name in (
            "extra",
            "",
            "__proto__",
            "__class__",
            "model_config",
            "answer_",
            "reasoning",
            "$schema",
            "caller",
            "self",
            "a" * 1_000,
        ):
            if name not in entries:
                yield json_text({**entries, name: "a"})
                yield json_text({name: None, **entries})


def _confusable(site: Site) -> Iterator[str]:
    for entries in _objects(site):
        for name in entries:
            for near in (*near_misses(name), f"{name}_", f"_{name}", name + "[]"):
                yield json_text({near if key == name else key: value for key, value in entries.items()})


def _also_confusable(site: Site) -> Iterator[str]:
    for entries in _objects(site):
        for name in entries:
            yield json_text({**entries, name.upper(): entries[name]})
            yield json_text({**entries, name + "\u200b": entries[name]})


def _repeated(site: Site) -> Iterator[str]:
    for entries in _objects(site):
        for name, value in entries.items():
            said = f"{json_text(name)}:{json_text(value)}"
            rest = json_text(entries)[1:-1]
            yield from (
                f"{{{rest},{said}}}",
                f"{{{json_text(name)}:null,{rest}}}",
                f"{{{rest},{json_text(name)}:null}}",
            )


def _out_of_order(site: Site) -> Iterator[str]:
    for entries in _objects(site):
        if len(entries) > 1:
            yield json_text(dict(reversed(entries.items())))


MISTYPING: Final = (
    raw_values("another-type", _other_types, parts=5),
    raw_values("wrapped", _wrapped),
    raw_values("as-text", _as_text),
    raw_values("number-at-a-bound", _numbers),
    raw_values("day-off", _days),
    raw_values("moment-off", _moments),
    raw_values("address-off", _addresses),
    raw_values("missing-key", _missing),
    raw_values("extra-key", _extra),
    raw_values("confusable-key", _confusable, parts=8),
    raw_values("confusable-key-beside", _also_confusable),
    raw_values("repeated-key", _repeated),
    raw_values("other-order", _out_of_order),
)
