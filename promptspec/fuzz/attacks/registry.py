"""Every seed and every mutator, the simplest first: shrinking goes towards the front."""

from __future__ import annotations

from typing import Final

from promptspec.fuzz.attacks import (
    encodings,
    forging,
    frames,
    languages,
    oddities,
    overrides,
    payloads,
    perturbation,
    unicodes,
)
from promptspec.fuzz.attacks.making import Mutator, Seed

SEEDS: Final[tuple[Seed, ...]] = (
    *overrides.SEEDS,
    *forging.SEEDS,
    *languages.SEEDS,
    *payloads.SEEDS,
    *oddities.SEEDS,
)
MUTATORS: Final[tuple[Mutator, ...]] = (
    *perturbation.MUTATORS,
    *frames.MUTATORS,
    *encodings.MUTATORS,
    *unicodes.MUTATORS,
)
