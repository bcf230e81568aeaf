"""Whatever a spec says, its module calls only what modules call, and its data comes back as it was."""

from __future__ import annotations

import ast
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codegen.specs import HEAD
from promptspec.api import compile_paths
from promptspec.codegen import code as doors
from promptspec.values.sinks import find_sinks
from properties.hostile import TEXTS, quoted

CALLED = {
    "Decimal", "Field", "TypedDict", "F", "enumerate", "str", "len",
    *(f"ps.{n}" for n in ("text word integer number boolean day moment email url items turn schema_object one_of entry "
                          "given Stamp Source Plan OpenAI Rehearsal Limits Example Env Violation holds exact").split()),
    *(f"out.{n}" for n in ("begin", "text", "value", "fence", "history")),
    *(f"self.{n}" for n in ("call", "acall", "_call", "_acall", "_rendered")), "dt.date",
}  # fmt: skip


def compiled(folder: Path, spec: str) -> str:
    path = folder / "a.spec"
    path.write_text(HEAD + spec)
    compilation = compile_paths([path])
    assert not compilation.has_errors(), [d.message for d in compilation.diagnostics]
    code = compilation.units[0].code
    assert code is not None
    return code


def calls(tree: ast.AST) -> set[str]:
    return {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}


def strings(tree: ast.AST) -> set[object]:
    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(prompt=TEXTS, word=TEXTS, other=TEXTS, label=TEXTS, said=TEXTS, title=TEXTS, limit=TEXTS)
def test_strings_of_a_spec_stay_strings(
    tmp_path: Path, prompt: str, word: str, other: str, label: str, said: str, title: str, limit: str
) -> None:
    words = [f"w{word}", f"v{other}"]
    label = "".join(c for c in label if c.isascii() and (c.isalnum() or c in " \"'\\{}$%#(),"))  # what a row may hold
    label = "" if find_sinks("l" + label) else label  # which is plain text
    code = compiled(
        tmp_path,
        f"""
source plans = rows {{ "k" {quoted("l" + label)}, "m" "M" }}
enum Mood {{ calm {quoted("l" + label)}, wild }}
feature f {{
    model "m"
    input {{
        note: text(..60)
        plan: one of plans
        mood: Mood
        word: {quoted(words[0])} | {quoted(words[1])}
    }}
    output {quoted(words[0])} | {quoted(words[1])}
    prompt {{ user {quoted("p" + prompt.replace("{", "").replace("}", ""))} }}
    require note != "" else {quoted("s" + said)}
    limitations {quoted("x" + limit)}
    example {quoted("t" + title)} {{
        given {{ note: {quoted("n")}, plan: "k", mood: calm, word: {quoted(words[0])} }}
        returns {quoted(words[0])}
    }}
}}
""",
    )
    tree = ast.parse(code)
    assert calls(tree) <= CALLED
    for statement in tree.body:
        assert isinstance(statement, ast.Import | ast.ImportFrom | ast.Assign | ast.ClassDef | ast.Expr)
    found = strings(tree)
    assert set(words) <= found
    assert "s" + said in found
    assert "p" + prompt.replace("{", "").replace("}", "") in found


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(doc=st.text(st.sampled_from(list("\"'\\{}#$%`ab ,.()[]é")), min_size=1, max_size=200))
def test_documentation_stays_a_docstring(tmp_path: Path, doc: str) -> None:
    code = compiled(
        tmp_path,
        f'## a{doc}\nfeature f {{\n    model "m"\n    input {{\n        ## b{doc}\n        a: bool\n    }}\n'
        "    output bool\n}\n",
    )
    tree = ast.parse(code)
    assert calls(tree) <= CALLED
    feature = next(n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == "F")
    said = ast.get_docstring(feature, clean=False)
    assert said is not None
    assert "".join(said.split()).startswith("".join(f"a{doc}".split()))


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.text(st.sampled_from(list("ab\"'\\{}#$% ,.()[]é;=:")), min_size=1, max_size=20))
def test_the_name_of_a_file_stays_a_comment(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "p"
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    (folder / f"a{name}.spec").write_text(
        HEAD + 'feature f {\n    model "m"\n    input { a: bool }\n    output bool\n    require a else "x"\n}\n'
    )
    compilation = compile_paths([folder])
    assert not compilation.has_errors()
    code = compilation.units[0].code
    assert code is not None
    assert calls(ast.parse(code)) <= CALLED


@given(TEXTS)
def test_the_door_for_data_gives_back_every_text(text: str) -> None:
    literal = doors.data(text).text
    assert ast.literal_eval(literal) == text
    assert "\n" not in literal
    assert literal.isprintable() or all(c.isprintable() or ord(c) > 0xFFFF or c.isalnum() for c in literal)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS | st.binary(max_size=9) | st.decimals(allow_nan=False, places=3),
    lambda inner: st.lists(inner, max_size=3).map(tuple) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


@given(VALUES)
def test_the_door_for_data_gives_back_every_value(value: Any) -> None:
    assert eval(doors.data(value).text, {"__builtins__": {}, "Decimal": Decimal}) == value


@given(TEXTS, st.integers(0, 80))
def test_long_texts_are_broken_without_loss(text: str, indent: int) -> None:
    pieces = [ast.literal_eval(piece.text) for piece in doors.long_string(text * 5, indent)]
    assert "".join(pieces) == text * 5


@pytest.mark.parametrize("text", ["", "a b", "1a", "class", "a.b", "a\n", "é", "a(", "ℌ", "None", 'a"'])
def test_the_door_for_names_refuses_what_is_no_name(text: str) -> None:
    with pytest.raises(ValueError, match="not a name"):
        doors.name(text)


@pytest.mark.parametrize("value", [object(), {1, 2}, 1.5, [1], print])
def test_the_door_for_data_refuses_what_is_no_data(value: Any) -> None:
    with pytest.raises(TypeError):
        doors.data(value)


def test_a_template_takes_as_many_parts_as_it_has_places() -> None:
    with pytest.raises(ValueError, match="as many parts"):
        doors.code("$ + $", doors.data(1))
