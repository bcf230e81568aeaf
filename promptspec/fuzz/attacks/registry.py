"""Every seed and every mutator, the simplest first: shrinking goes towards the front."""

from __future__ import annotations

from typing import Final

from promptspec.fuzz.attacks import overrides, perturbation
from promptspec.fuzz.attacks.making import Mutator, Seed

SEEDS: Final[tuple[Seed, ...]] = overrides.SEEDS
MUTATORS: Final[tuple[Mutator, ...]] = perturbation.MUTATORS
