"""A contract put to the test: cases, lying models, laws, and the slow, obvious judge that all of it is held to.

For tests by hand there are strategies of Hypothesis, each of which takes a feature as it was generated or loaded:
`inputs`, `invalid_inputs`, `attacks` and `replies`. They need the extra `promptspec[fuzz]`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    from promptspec.fuzz.subjects import Subject
    from promptspec.runtime.feature import Feature

# The package of this name is loaded before the function below is defined: once loaded, it leaves the name alone.
import_module("promptspec.fuzz.attacks")

__all__ = ["attacks", "inputs", "invalid_inputs", "replies"]


def inputs(feature: Feature[Any]) -> SearchStrategy[dict[str, Any]]:
    """Return inputs that *feature* accepts, as `call_fields` takes them. The smallest is as small as it can be.

    Texts in them are hostile: near their cap, of every script, full of what shows nothing, and with attacks.
    """
    from promptspec.fuzz.valid import valid_inputs

    return cast("Any", valid_inputs(_subject(feature)))


def invalid_inputs(feature: Feature[Any]) -> SearchStrategy[Any]:
    """Return inputs that *feature* refuses: valid but for one thing, which may be that they are no object at all."""
    from promptspec.fuzz.breaking import invalid_inputs

    return invalid_inputs(_subject(feature)).map(lambda broken: broken[0])


def attacks(feature: Feature[Any]) -> SearchStrategy[dict[str, Any]]:
    """Return inputs that *feature* accepts with an attack in each open text, as far as its cap lets it in."""
    from promptspec.fuzz.by_hand import attacked_inputs

    return cast("Any", attacked_inputs(_subject(feature)))


def replies(feature: Feature[Any]) -> SearchStrategy[str]:
    """Return texts that a model may answer with: honest ones, and lies. The smallest is an honest one.

    Give them to a call with `feature.override(model=wires(text))`.
    """
    from promptspec.fuzz.by_hand import reply_texts

    return reply_texts(_subject(feature))


def _subject(feature: Feature[Any]) -> Subject:
    from promptspec.fuzz.by_hand import subject_of

    return subject_of(feature)
