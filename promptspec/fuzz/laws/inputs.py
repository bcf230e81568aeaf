"""Laws about what may come in."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Final, cast

from promptspec.errors import InputRefused
from promptspec.fuzz.reference_texts import OutOfFragment, count
from promptspec.fuzz.settling import strings_in
from promptspec.fuzz.trial import LawFell
from promptspec.values.cleaning import Unclean, clean

if TYPE_CHECKING:
    from promptspec.errors import Violation
    from promptspec.fuzz.trial import Trial

#: Half of a surrogate pair, which is no character.
_HALF: Final = re.compile("[\ud800-\udfff]")
#: What may refuse an input that every type accepts: it is judged on the whole prompt.
_OF_THE_PROMPT: Final = frozenset({"prompt_too_large", "control_token"})
#: What a JSON Schema can say of a value; the reference's other rules it cannot.
_IN_SCHEMAS: Final = frozenset(
    {"type", "missing", "unknown_field", "choice", "too_small", "too_large", "too_many", "too_few", "places"}
)


def accepts_valid(trial: Trial) -> bool:
    """A value drawn from the declared input is accepted."""
    if not is_valid(trial):
        return False
    refused = refusal_of(trial)
    if refused is None:
        return True
    rules = {violation.rule for violation in refused}
    if rules <= _OF_THE_PROMPT:
        return False
    raise LawFell(f"a valid input was refused: {told(refused)}")


def refuses_invalid(trial: Trial) -> bool:
    """A value that breaks one rule is refused before any model is asked; the violation names the path and the rule."""
    claim = trial.case.claim
    broken = trial.input.expected
    if claim is not None and not claim.valid:
        _is_refused(trial, f"an input that breaks {' or '.join(claim.rules)} at {claim.path}")
        found = refusal_of(trial) or ()
        if not any(violation.path == claim.path and violation.rule in claim.rules for violation in found):
            raise LawFell(f"{claim.path} breaks {' or '.join(claim.rules)}, and the refusal says: {told(found)}")
        return True
    if not broken:
        return False
    _is_refused(trial, "an input that breaks " + ", ".join(f"{rule} at {path}" for path, rule in broken[:3]))
    paths = {path for path, _ in broken}
    found = refusal_of(trial) or ()
    if not any(violation.path in paths for violation in found):
        raise LawFell(f"{', '.join(sorted(paths))} is wrong, and the refusal says: {told(found)}")
    return True


def judges_agree_on_inputs(trial: Trial) -> bool:
    """The generated model, the JSON Schema and the reference accept the same inputs."""
    refused = refusal_of(trial)
    accepted = refused is None or {violation.rule for violation in refused} <= _OF_THE_PROMPT
    expected = trial.input.expected
    if expected is not None and accepted is bool(expected):
        said = "accepts" if not expected else f"refuses ({', '.join(rule for _, rule in expected[:3])})"
        raise LawFell(f"the reference {said} what the module {'accepts' if accepted else 'refuses'}")
    if trial.case.seed % 4 or not _is_json(trial.case.given):
        return expected is not None
    schema_accepts = not trial.subject.input_judge.violations(trial.case.given)
    if accepted and not schema_accepts and not _was_cleaned(trial):
        raise LawFell("the JSON Schema of the input refuses what the module accepts")
    if schema_accepts and expected and {rule for _, rule in expected} & _IN_SCHEMAS:
        raise LawFell(f"the JSON Schema of the input accepts what breaks {expected[0][1]} at {expected[0][0]}")
    return True


def _was_cleaned(trial: Trial) -> bool:
    """Say whether cleaning changed a text: a schema knows of no cleaning, and judges what was sent."""
    sent = set(strings_in(trial.case.given))
    return any(text not in sent for _, _, text in trial.input.texts)


def cleaning_is_idempotent(trial: Trial) -> bool:
    """Text that was cleaned stays as it is when cleaned again, and keeps its caps."""
    judged = False
    for path, type, text in trial.input.texts:
        bound = 2 * len(text) + 64
        try:
            again = clean(text, kind=type.kind, direction="input", most=bound).text
        except Unclean as unclean:
            raise LawFell(f"{path} was cleaned, and cleaning it again refuses it: {unclean.rule}") from None
        if again != text:
            raise LawFell(f"{path} was cleaned, and cleaning it again changes it")
        try:
            length = count(text, type.cap.unit, type.cap.most)
        except OutOfFragment:
            continue
        if length > type.cap.most:
            raise LawFell(f"{path} has {length} {type.cap.unit} after cleaning, and may have {type.cap.most}")
        judged = True
    return judged


def is_valid(trial: Trial) -> bool:
    """Say whether the input is surely valid: its maker claims so, or the reference finds nothing."""
    claim = trial.case.claim
    return claim.valid if claim is not None else trial.input.expected == []


def refusal_of(trial: Trial) -> tuple[Violation, ...] | None:
    """Return the violations that the input was refused for, or None."""
    error = trial.observation.error
    return error.violations if isinstance(error, InputRefused) else None


def told(violations: tuple[Violation, ...]) -> str:
    """Return violations as a sentence."""
    return "; ".join(map(str, violations[:5])) or "nothing"


def _is_refused(trial: Trial, what: str) -> None:
    seen = trial.observation
    if seen.requests:
        raise LawFell(f"{what} was sent to a model")
    if not isinstance(seen.error, InputRefused):
        raise LawFell(f"{what} was not refused: {type(seen.error).__name__ if seen.error else 'it was answered'}")


def _is_json(value: object) -> bool:
    """Say whether *value* is one of JSON's own: no floats that JSON has no word for, no half characters."""
    match value:
        case float():
            return False
        case str():
            return value.isascii() or _HALF.search(value) is None
        case dict():
            entries = cast("dict[object, object]", value)
            return all(isinstance(name, str) and _is_json(name) and _is_json(item) for name, item in entries.items())
        case list():
            return all(map(_is_json, cast("list[object]", value)))
        case bool() | int() | Decimal() | None:
            return True
        case _:
            return False
