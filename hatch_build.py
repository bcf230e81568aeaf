"""Build hook: a wheel carries the parser's tables as a Python module, made from the grammar."""

import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CustomBuildHook(BuildHookInterface):
    """Adds `promptspec/syntax/built_tables.py` to wheels; an editable install reads the grammar itself."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if self.target_name != "wheel" or version == "editable":
            return
        sys.path.insert(0, self.root)
        try:
            from promptspec.syntax.parser_tables import emit_tables
        finally:
            sys.path.remove(self.root)
        tables = Path(tempfile.mkdtemp(prefix="promptspec-")) / "built_tables.py"
        tables.write_text(emit_tables(), encoding="utf-8")
        build_data["force_include"][str(tables)] = "promptspec/syntax/built_tables.py"
