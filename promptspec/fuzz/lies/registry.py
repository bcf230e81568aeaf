"""All liars by name, each with its ways to lie, the simplest first: shrinking goes towards the front."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from promptspec.fuzz.lies.characters import SMUGGLING
from promptspec.fuzz.lies.choices import INVENTING
from promptspec.fuzz.lies.contrary import CONTRARY, RANDOM
from promptspec.fuzz.lies.echoes import FORGING, LEAKY, OBEDIENT, REFUSING, VERBATIM, WORM
from promptspec.fuzz.lies.envelopes import SILENT, TOOL_CALLING
from promptspec.fuzz.lies.malformed import MALFORMED
from promptspec.fuzz.lies.mistypes import MISTYPING
from promptspec.fuzz.lies.payloads import INJECTING
from promptspec.fuzz.lies.servers import FLAPPING, SLOW, TRICKING
from promptspec.fuzz.lies.sizes import OVERLONG, TRUNCATED
from promptspec.fuzz.lies.telling import Form
from promptspec.fuzz.lies.tones import OFF_TONE

_HONEST: Final = (Form(name="reply", answer=lambda telling: telling.say_honestly()),)

#: Every liar; `honest` tells the truth.
LIARS: Final[Mapping[str, tuple[Form, ...]]] = MappingProxyType(
    {
        "honest": _HONEST,
        "verbatim": VERBATIM,
        "contrary": CONTRARY,
        "mistyping": MISTYPING,
        "inventing": INVENTING,
        "overlong": OVERLONG,
        "injecting": INJECTING,
        "smuggling": SMUGGLING,
        "off_tone": OFF_TONE,
        "obedient": OBEDIENT,
        "leaky": LEAKY,
        "forging": FORGING,
        "worm": WORM,
        "silent": SILENT,
        "refusing": REFUSING,
        "truncated": TRUNCATED,
        "malformed": MALFORMED,
        "tool_calling": TOOL_CALLING,
        "random": RANDOM,
        "flapping": FLAPPING,
        "slow": SLOW,
        "tricking": TRICKING,
    }
)
#: The forms of each liar by their names; "" is the first.
FORMS: Final[Mapping[tuple[str, str], Form]] = MappingProxyType(
    {(liar, form.name): form for liar, forms in LIARS.items() for form in forms}
    | {(liar, ""): forms[0] for liar, forms in LIARS.items()}
)
