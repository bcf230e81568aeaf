"""Any name of a spec is a name that Python can bear, or is refused; none takes the place of what modules need."""

from __future__ import annotations

from pathlib import Path

import pytest

from codegen.specs import codes, compiled, loaded, write_spec
from promptspec.contract.names import TAKEN_BY_MODULES
from promptspec.errors import InputRefused
from promptspec.runtime.v1 import Session, replies

ME = Session("s-1")


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROMPTSPEC_CACHE", str(tmp_path / "cache"))


@pytest.mark.parametrize("name", ["len", "str", "dt", "enumerate", "ps", "tuple", "lambda", "class", "print"])
def test_a_feature_of_any_name_can_be_called(tmp_path: Path, name: str) -> None:
    specs = loaded(
        tmp_path,
        f"""
        feature {name} {{
            model "m"
            input {{
                notes: list(..3) of text(1..20)
            }}
            output {{ s: text(..20) }}
            require len(notes) > 0 else "none"
        }}
        """,
    )
    with specs.features[name].override(model=replies({"s": "fine"})) as feature:
        reply = feature.call_fields({"notes": ["a"]}, caller=ME)
    assert reply.value.s == "fine"


@pytest.mark.parametrize("variable", ["str", "len", "enumerate", "out", "x", "dt", "self", "row"])
def test_a_loop_may_call_its_variable_anything(tmp_path: Path, variable: str) -> None:
    specs = loaded(
        tmp_path,
        f"""
        feature f {{
            model "m"
            input {{ notes: list(..3) of text(1..20) }}
            output bool
            prompt {{
                user \"\"\"{{% for {variable} in notes %}}{{{{ {variable} }}}}{{% endfor %}}{{{{ len(notes) }}}}\"\"\"
            }}
        }}
        """,
    )
    rendered = specs.f.render_fields({"notes": ["one", "two"]})
    assert "[[notes[2] " in rendered.messages[-1].content
    assert rendered.messages[-1].content.endswith(f"]]2[[/value {rendered.tag}]]")


@pytest.mark.parametrize("name", ["self", "ps", "int", "str", "copy", "caller", "json", "tuple", "Decimal", "class"])
def test_a_field_of_any_name_keeps_it_on_the_wire(tmp_path: Path, name: str) -> None:
    specs = loaded(
        tmp_path,
        f"""
        feature f {{
            model "m"
            input {{
                {name}: line(..9) = "x"
                after: decimal(0..9, 1)
            }}
            output {{
                {name}: int(1..5)
                after: line(..3)?
            }}
        }}
        """,
    )
    with specs.f.override(model=replies({name: 4})):
        reply = specs.f.call_fields({name: "given", "after": 1}, caller=ME)
    assert reply.value.model_dump() == {name: 4, "after": None}


@pytest.mark.parametrize("name", sorted(n for n in TAKEN_BY_MODULES if n[0].isupper() and n != "STAMP"))
def test_a_type_cannot_take_the_name_of_what_modules_import(tmp_path: Path, name: str) -> None:
    spec = f"""
    enum {name} {{ a, b }}
    feature f {{
        model "m"
        input {{ x: {name} }}
        output bool
    }}
    """
    assert codes(compiled(tmp_path, spec)) == ["PS208"]


def test_two_fields_that_become_one_in_python_are_refused(tmp_path: Path) -> None:
    spec = """
    feature f {
        model "m"
        input {
            from: line(..3)
            from_: line(..3)
        }
        output bool
    }
    """
    assert codes(compiled(tmp_path, spec)) == ["PS208"]


def test_two_features_that_become_one_function_are_refused(tmp_path: Path) -> None:
    spec = """
    feature class {
        model "m"
        input { a: bool }
        output bool
    }
    feature class_ {
        model "m"
        input { a: bool }
        output bool
    }
    """
    assert "PS208" in codes(compiled(tmp_path, spec))


def test_a_used_record_brings_what_it_holds(tmp_path: Path) -> None:
    held = """
    enum Mood { calm, wild }
    source plans = rows { "free" "Free", "pro" "Pro" }
    record Line {
        mood: Mood
        plan: one of plans
    }
    record Order { lines: list(..3) of Line }
    """
    write_spec(tmp_path, held, "b.spec")
    specs = loaded(
        tmp_path,
        """
        use Order from "b.spec"
        feature f {
            model "m"
            input { order: Order }
            output { order: Order }
            prompt {
                system \"\"\"{% for line in order.lines %}{{ line.mood }} {{ line.plan }} {% endfor %}\"\"\"
                user \"\"\"Go.\"\"\"
            }
            require all line in order.lines: line.mood == calm else "is wild"
        }
        """,
    )
    order = {"lines": [{"mood": "calm", "plan": "pro"}]}
    with specs.f.override(model=replies({"order": order})):
        reply = specs.f.call_fields({"order": order}, caller=ME)
    assert reply.value.order.lines[0].plan.label == "Pro"
    with specs.f.override(model=replies({"order": order})), pytest.raises(InputRefused):
        specs.f.call_fields({"order": {"lines": [{"mood": "wild", "plan": "pro"}]}}, caller=ME)


def test_a_held_record_that_is_called_as_one_of_ours_is_refused(tmp_path: Path) -> None:
    write_spec(tmp_path, "record Line { a: bool }\nrecord Order { line: Line }\n", "b.spec")
    spec = """
    use Order from "b.spec"
    record Line { b: bool }
    feature f {
        model "m"
        input {
            order: Order
            line: Line
        }
        output bool
    }
    """
    assert codes(compiled(tmp_path, spec)) == ["PS201"]


def test_the_least_of_a_list_that_may_be_empty_is_refused(tmp_path: Path) -> None:
    spec = """
    feature f {
        model "m"
        input {
            lines: list(0..3) of { prices: list(1..3) of int(1..5) }
        }
        output bool
        require min(lines.prices) > 1 else "x"
    }
    """
    assert "PS318" in codes(compiled(tmp_path, spec))
    assert "PS318" not in codes(compiled(tmp_path, spec.replace("0..3", "1..3")))
