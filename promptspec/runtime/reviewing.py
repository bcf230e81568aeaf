"""The desk: what persons see of held replies and of samples, and what they decide (rule 26)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    pass

#: The most characters of a reviewer's name, and of a reason.
MOST_NAME: Final = 200
MOST_REASON: Final = 2_000
