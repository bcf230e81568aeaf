"""Syntax tree to checked contract."""

from promptspec.check.module import Checked, check_module

__all__ = ["Checked", "check_module"]
