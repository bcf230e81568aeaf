"""Spec text to syntax tree, and back."""

from promptspec.syntax.parser import parse, parse_expression, parse_type, read_header
from promptspec.syntax.print_file import print_file
from promptspec.syntax.print_words import print_expression, print_type
from promptspec.syntax.words import KEYWORDS, RESERVED

__all__ = [
    "KEYWORDS",
    "RESERVED",
    "parse",
    "parse_expression",
    "parse_type",
    "print_expression",
    "print_file",
    "print_type",
    "read_header",
]
