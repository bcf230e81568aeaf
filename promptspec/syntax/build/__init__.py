"""From what Lark reduces to the syntax tree: one method a rule of the grammar."""

from promptspec.syntax.build.clauses import BuildClauses
from promptspec.syntax.build.declarations import BuildDeclarations
from promptspec.syntax.build.expressions import BuildExpressions
from promptspec.syntax.build.literals import BuildLiterals
from promptspec.syntax.build.place import Place, TooDeep
from promptspec.syntax.build.types import BuildTypes

__all__ = ["Builder", "Place", "TooDeep"]


class Builder(BuildDeclarations, BuildClauses, BuildTypes, BuildExpressions, BuildLiterals):
    """All rules of the grammar."""
