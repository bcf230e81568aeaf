"""What a run tells of itself while it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from promptspec.fuzz.cases import Phase
    from promptspec.fuzz.results import FeatureResult


class Progress(Protocol):
    """Is told of a run, in this order for each feature: begin, cases and falls as they come, end."""

    def begin(self, file: str, feature: str, laws: int) -> None:
        """A feature is taken up, to be judged by so many laws."""

    def case(self, phase: Phase) -> None:
        """One case was judged. It is called for each of them, and costs under a microsecond."""

    def fell(self, law: str) -> None:
        """A law of the feature at hand does not hold."""

    def end(self, result: FeatureResult) -> None:
        """The feature at hand is done with, or was broken off."""


class Silent:
    """Says nothing."""

    def begin(self, file: str, feature: str, laws: int) -> None:
        """Say nothing."""

    def case(self, phase: Phase) -> None:
        """Say nothing."""

    def fell(self, law: str) -> None:
        """Say nothing."""

    def end(self, result: FeatureResult) -> None:
        """Say nothing."""
