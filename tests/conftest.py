"""Fixtures that more than one folder of tests uses. Each import stands for one package of fixtures."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # pytest imports test modules by path and adds nothing itself

from engines.fixtures import _aimock_process, _chaos_process, aimock, chaos, llama

__all__ = ["_aimock_process", "_chaos_process", "aimock", "chaos", "llama"]
