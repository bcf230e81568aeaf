"""Which features the ledger has calls of, and for how long."""

from __future__ import annotations

from typing import Final

from promptspec.contract.feature import Feature

#: How long texts are kept where no `keep` says so (rule 32): 30 days.
KEPT_MS: Final = 30 * 24 * 3_600_000


def is_kept(feature: Feature) -> bool:
    """Say whether each call of *feature* is written in the ledger (rule 25)."""
    kept = (feature.review, feature.sample, feature.report, feature.keep_ms)
    return any(each is not None for each in kept)
