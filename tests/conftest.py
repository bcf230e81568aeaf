"""Fixtures that more than one folder of tests uses. Each import stands for one package of fixtures."""

from __future__ import annotations

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # pytest imports test modules by path and adds nothing itself

from hypothesis import settings

from engines.fixtures import _aimock_process, _chaos_process, aimock, chaos, llama, llama_embeddings

# No deadline: a busy machine is no bug. In CI the same cases every time; at home new ones.
settings.register_profile("promptspec", deadline=None, derandomize=os.environ.get("CI") == "true")
settings.load_profile("promptspec")

__all__ = ["_aimock_process", "_chaos_process", "aimock", "chaos", "llama", "llama_embeddings"]
