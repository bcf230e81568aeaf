"""Members of objects that a JSON Schema describes, in prompts and conditions."""

from pathlib import Path

import pytest

from promptspec.trials import check_paths, run_tests

SPEC = Path(__file__).parents[1] / "cases" / "members" / "read_invoice.spec"


def test_conditions_and_prompts_reach_into_objects_and_through_their_lists() -> None:
    compilation = check_paths([SPEC])
    assert compilation.diagnostics == ()
    results = run_tests(compilation)
    assert [result.message for result in results] == ["", ""]


SMALL = """promptspec 1

## Reads an invoice.
feature read_invoice {
    model "gpt-5.6-luna"
    input {
        known: schema("data/invoice.schema.json", text ..200, items ..40)
    }
    output {
        invoice: schema("data/invoice.schema.json", text ..200, items ..40)
    }
    prompt {
        system "Read. %s"
        user "{{ known }}"
    }
    ensure %s else "no"
}
"""


def codes(folder: Path, *, system: str = "", condition: str = "invoice.total > 0") -> list[str]:
    (folder / "data").mkdir()
    (folder / "data" / "invoice.schema.json").write_bytes((SPEC.parent / "data" / "invoice.schema.json").read_bytes())
    (folder / "m.spec").write_text(SMALL % (system, condition))
    return [diagnostic.code for diagnostic in check_paths([folder / "m.spec"]).diagnostics]


@pytest.mark.parametrize(
    ("condition", "code"),
    [
        ("invoice.totl > 0", "PS202"),
        ('invoice.supplier.tax_id == "x"', "PS317"),
        ('invoice.total == "x"', "PS316"),
        ("invoice.lines.amount > 0", "PS316"),
        ('invoice.currency == "XXX"', "PS316"),
    ],
)
def test_a_member_has_the_type_that_its_schema_says(condition: str, code: str, tmp_path: Path) -> None:
    assert codes(tmp_path, condition=condition) == [code]


def test_a_member_is_open_even_where_it_is_a_number(tmp_path: Path) -> None:
    assert codes(tmp_path, system="{{ known.total }}") == ["PS401"]
