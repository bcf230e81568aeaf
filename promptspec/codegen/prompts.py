"""The prompt of a feature: the method that fills a draft."""

from __future__ import annotations

from promptspec.codegen.code import Code, Writer, code, data, name, name_of_file
from promptspec.codegen.expressions import Expressions, rounds
from promptspec.codegen.names import Names
from promptspec.contract import expressions as e
from promptspec.contract.feature import Fixed, For, History, If, Message, Part, Print
from promptspec.contract.types import Trust


class Prompt:
    """Writes the statements that add messages and parts to `out`."""

    def __init__(self, writer: Writer, names: Names, expressions: Expressions) -> None:
        self._writer = writer
        self._names = names
        self._expressions = expressions

    def write(self, messages: tuple[Message | History, ...]) -> None:
        """Write all messages."""
        for message in messages:
            self._writer.line(code("# $ line $", name_of_file(message.origin.file), data(message.origin.line)))
            if isinstance(message, History):
                field = name(self._names.field(message.field))
                self._writer.line(code("out.history($, x.$)", data(message.field), field))
            else:
                self._writer.line(code("out.begin($)", data(message.role)))
                self._parts(message.parts, ())

    def _parts(self, parts: tuple[Part, ...], loops: tuple[str, ...]) -> None:
        for part in parts:
            match part:
                case Fixed(text=text):
                    self._writer.string(code("out.text("), text, ")")
                case Print():
                    self._print(part, loops)
                case If():
                    self._if(part, loops)
                case For():
                    self._for(part, loops)

    def _print(self, part: Print, loops: tuple[str, ...]) -> None:
        value = self._expressions.emit(part.value)
        if rounds(part.value):
            value = code("ps.exact(lambda: $)", value)
        if part.kind == "image":
            self._writer.line(code("out.image($, $)", self._path(part.path, loops), value))
        elif part.trust is Trust.OPEN:
            self._writer.line(code("out.fence($, $)", self._path(part.path, loops), value))
        else:
            self._writer.line(code("out.value($)", value))

    def _path(self, path: str, loops: tuple[str, ...]) -> Code:
        """Return the path of a fence, with the number of each loop's round in the brackets."""
        pieces = path.split("[]")
        found = data(pieces[0])
        for loop, piece in zip(loops[len(loops) - len(pieces) + 1 :], pieces[1:], strict=False):
            number = name(f"{self._names.variable(loop)}_number")
            found = code("$ + str($) + $", data_more(found, "["), number, data("]" + piece))
        return found

    def _if(self, part: If, loops: tuple[str, ...]) -> None:
        for at, branch in enumerate(part.branches):
            condition = self._expressions.emit(branch.condition)
            if rounds(branch.condition):
                condition = code("ps.holds(lambda: $)", condition)
            self._writer.line(code("if $:" if at == 0 else "elif $:", condition))
            self._body(branch.body, loops)
        if part.otherwise and part.branches:
            self._writer.line(code("else:"))
            self._body(part.otherwise, loops)

    def _for(self, part: For, loops: tuple[str, ...]) -> None:
        variable = self._names.variable(part.variable)
        over = self._expressions.emit(part.over)
        if _numbered(part, part.variable):
            self._writer.line(code("for $, $ in enumerate($, 1):", name(f"{variable}_number"), name(variable), over))
        else:
            self._writer.line(code("for $ in $:", name(variable), over))
        self._body(part.body, (*loops, part.variable))

    def _body(self, parts: tuple[Part, ...], loops: tuple[str, ...]) -> None:
        self._writer.indent()
        if parts:
            self._parts(parts, loops)
        else:
            self._writer.line(code("pass"))
        self._writer.dedent()


def data_more(found: Code, bracket: str) -> Code:
    """Return *found* with an opening bracket added inside its closing quote."""
    return Code(found.text[:-1] + bracket + '"')


def _numbered(part: For, variable: str) -> bool:
    """Say whether the loop's number is asked for: by a fence inside it, or by an entry that prints as its number."""
    return any(_asks(inner, variable) for inner in part.body)


def _asks(part: Part, variable: str) -> bool:
    match part:
        case Print(trust=Trust.OPEN, path=path):
            return "[]" in path
        case Print(value=e.Position(variable=other)):
            return other == variable
        case If(branches=branches, otherwise=otherwise):
            inner = [p for branch in branches for p in branch.body]
            return any(_asks(p, variable) for p in (*inner, *otherwise))
        case For(body=body):
            return any(_asks(p, variable) for p in body)
        case _:
            return False
