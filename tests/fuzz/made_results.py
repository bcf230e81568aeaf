"""Results made by hand, with all that a hostile spec, caller or model could put into them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from promptspec.fuzz.cases import Case, Claim, Lie
from promptspec.fuzz.results import Fallen, FeatureResult, LawResult, RunResult, Trouble

TAG = "3fa9c2d41b7e88a0c5f6d1e2"
#: Markup, terminal escapes, bidirectional and invisible characters, commands of CI, halves and non-characters.
HOSTILE = (
    "</pre></script><script>alert(1)</script><img src=x onerror=alert(1)>\"'&amp;]]> [click](https://evil.example)\r\n"
    "::error file=x::forged\n##[set-output name=x]y\n\x1b[31mred\x1b]8;;https://evil.example\x07 \x00\x9b\x85\u2028"
    "\u202eevil\u2066\u200b\U000e0041\ud800\ufffe\uffff {{7*7}} ${x} %0A"
)
LONG = "spam and eggs " * 715
FILE = "specs/films.spec"
SPECS = {
    FILE: 'promptspec 1\n\n## Suggests films.\nfeature suggest_films {\n    input { note: text(1..280) "\u202e" }\n}\n'
}


def announced(text: str) -> str:
    """Return a message as it is rendered."""
    return (
        f"The tag of this message is {TAG}.\nWhat to suggest for:\n[[note {TAG}]]{text}[[/note {TAG}]]\nSuggest three."
    )


def fallen(*, law: str = "fences_hold", text: str = HOSTILE, id: str = "0123456789ab", **changes: object) -> Fallen:
    """Return a failure that quotes *text* wherever text may stand."""
    made: dict[str, object] = {
        "id": id,
        "law": law,
        "claim": "Taking the fences out of a rendered prompt returns exactly the values put in.",
        "sentence": f"the value came back as {text}",
        "file": FILE,
        "feature": "suggest_films",
        "line": 5,
        "case": Case(
            given={"note": text, "price": Decimal("1.50"), "odd": [float("nan"), float("-inf"), None, True, 2**5000]},
            claim=Claim(valid=False, path="input.note", rules=("too_long", "characters")),
            lie=Lie(liar="leaky", form="base64", reply={"a": 1}, place=("films", 0), text=text),
            caller=text,
            seed=7,
            today=date(2026, 1, 31),
            techniques=("bidi-override", "close-the-fence"),
        ),
        "prompt": (("system", "Suggest films."), ("user", announced(text))),
        "tag": TAG,
        "reply": text,
        "outcome": f"returned {text}",
        "shrunk": True,
    }
    return Fallen(**(made | changes))  # pyright: ignore[reportArgumentType]


def law(name: str, *, judged: int = 1_240, fell: Fallen | None = None) -> LawResult:
    """Return the result of a law."""
    claim = fell.claim if fell else "No request is sent whose prompt counts more tokens than declared."
    return LawResult(law=name, claim=claim, degree="enforced", cases=1_300, judged=judged, fallen=fell)


def feature(*laws: LawResult, name: str = "suggest_films", file: str = FILE, **changes: object) -> FeatureResult:
    """Return the result of a feature."""
    made: dict[str, object] = {
        "file": file,
        "feature": name,
        "line": 4,
        "laws": laws,
        "phases": {"search": 200, "examples": 14, "boundaries": 1_086},
        "techniques": {"bidi-override": 40, "close-the-fence": 12, "never-used": 0},
        "liars": {"honest": 700, "leaky": 600},
        "tried": 5,
        "troubles": (),
        "seconds": 3.21,
        "finished": True,
    }
    return FeatureResult(**(made | changes))  # pyright: ignore[reportArgumentType]


def run(*features: FeatureResult, **changes: object) -> RunResult:
    """Return the result of a run."""
    made: dict[str, object] = {"version": "0.1.0", "profile": "pr", "seed": 0, "features": features}
    return RunResult(**(made | changes))  # pyright: ignore[reportArgumentType]


HELD = run(feature(law("prompt_fits"), law("accepts_valid")))
FELL = run(
    feature(
        law("accepts_valid"),
        law("fences_hold", judged=312, fell=fallen()),
        law("sinks_are_closed", judged=20, fell=fallen(law="sinks_are_closed", text=LONG, id="ba9876543210")),
        law("review_holds", judged=0),
        troubles=(Trouble(kind="test", title=HOSTILE, line=9, message=HOSTILE),),
    ),
    feature(law("prompt_fits"), name="classify", file="specs/classify.spec", finished=False),
    feature(law(HOSTILE, fell=fallen(law=HOSTILE, file=HOSTILE)), name=HOSTILE, file=HOSTILE),
    notes=(HOSTILE, "2 lines of the corpus could not be read: 3, 8"),
)
