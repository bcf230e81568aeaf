"""The card of a feature: everything that whoever signs it off has to know, as facts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from promptspec.audit.bits import Bits, bits_of_field, bits_of_record, both
from promptspec.audit.declared import Declared
from promptspec.audit.guarantees import Guarantee, guarantees_of, roles_words, weakest
from promptspec.audit.practices import Practice, practices_of
from promptspec.audit.wording import field_words
from promptspec.check.costs import Cost, largest_cost
from promptspec.check.shapes import trust_of
from promptspec.contract import types as t
from promptspec.contract.feature import Feature, Module
from promptspec.contract.models import Model, OpenAIModel, Price
from promptspec.contract.types import Trust


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A field, its type in words, how far it is to be trusted, and the bits that a value of it can carry."""

    name: str
    type: str
    trust: str
    bits: Bits


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A model of the chain: where it is, how replies are structured, and why."""

    name: str
    where: str
    structured: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What is known of a feature before it ever runs.

    *weakest* is the model of the chain of which least is known. Bits are of the whole input and the whole reply;
    *open_in* are those of texts that anybody may have written.
    """

    feature: Feature
    file: str
    language: str
    models: tuple[Asked, ...]
    weakest: Asked
    roles: str
    practices: tuple[Practice, ...]
    rules: tuple[Guarantee, ...]
    inputs: tuple[Measured, ...]
    outputs: tuple[Measured, ...]
    bits_in: Bits
    open_in: Bits
    bits_out: Bits
    cost: Cost
    policies: tuple[str, ...]

    @property
    def missing(self) -> tuple[str, ...]:
        """The practices that are left out without a word."""
        return tuple(each.name for each in self.practices if each.status == "missing")


def card_of(
    feature: Feature, module: Module, *, prices: Sequence[tuple[str, Price]] = (), policies: Sequence[str] = ()
) -> Card:
    """Return the card of *feature*; *prices* are the project's own, and *policies* the names of those it keeps."""
    facts = Declared(module)
    inputs = tuple(_measured(field, facts) for field in feature.input.fields)
    return Card(
        feature=feature,
        file=module.file,
        language=module.version,
        models=tuple(map(_asked, feature.models)),
        weakest=_asked(weakest(feature)),
        roles=roles_words(feature),
        practices=practices_of(feature, module),
        rules=guarantees_of(feature, module),
        inputs=inputs,
        outputs=tuple(_measured(field, facts) for field in feature.output.fields),
        bits_in=bits_of_record(feature.input, module),
        open_in=both(each.bits for each in inputs if each.trust == Trust.OPEN.value),
        bits_out=bits_of_record(feature.output, module),
        cost=largest_cost(feature, facts, prices),
        policies=tuple(policies),
    )


def _measured(field: t.Field, facts: Declared) -> Measured:
    return Measured(
        name=field.name,
        type=field_words(field),
        trust=trust_of(field.type, facts).value,
        bits=bits_of_field(field, facts.module),
    )


def _asked(model: Model) -> Asked:
    if not isinstance(model, OpenAIModel):
        return Asked(name="rehearsal", where="no model is asked", structured="examples and types of the spec")
    how = f"{model.structured}, because {model.structured_because}"
    return Asked(name=model.name, where=f"{model.server}, api {model.api}", structured=how)
