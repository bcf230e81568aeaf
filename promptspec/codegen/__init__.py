"""Contract to module text: code is literals, data and names have one door each."""

from promptspec.codegen.module import emit_module

__all__ = ["emit_module"]
