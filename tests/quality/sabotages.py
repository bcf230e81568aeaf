"""All sabotages, by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from quality.broken_images import IMAGES
from quality.broken_inputs import INPUTS
from quality.broken_judging import JUDGING
from quality.broken_limits import LIMITS
from quality.broken_marks import MARKS
from quality.broken_moderation import MODERATION
from quality.broken_outputs import OUTPUTS
from quality.broken_plans import EMITTED
from quality.broken_reviews import REVIEWS
from quality.broken_runtime import PATCHED
from quality.broken_shortlists import SHORTLISTS
from quality.broken_streams import STREAMS
from quality.broken_tone import TONE
from quality.sabotage import Sabotage

ALL: Final[tuple[Sabotage, ...]] = (
    *INPUTS, *OUTPUTS, *EMITTED, *PATCHED, *TONE, *MARKS, *IMAGES, *STREAMS, *JUDGING, *MODERATION, *SHORTLISTS,
    *REVIEWS, *LIMITS,
)  # fmt: skip
BY_NAME: Final[Mapping[str, Sabotage]] = {sabotage.name: sabotage for sabotage in ALL}
