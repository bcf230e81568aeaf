"""An optional value is used only where it is known to be there."""

from __future__ import annotations

import pytest

from check.specs import codes, feature

INPUT = """
        shop: line(..40)?
        low: date?
        high: date?
        amount: int(1..9)?
        open: bool
        plan: one of plans?
        lines: list(..3) of { sku: line(..9) note: line(..9)? }
        order: { note: line(..9)? }?
    """
PLANS = 'source plans = rows { "free" "Free" }\n'


def rule(condition: str, when: str = "") -> list[str]:
    ending = f" when {when}" if when else ""
    return codes(PLANS + feature(f'require {condition}{ending} else "does not hold"', input=INPUT))


SAFE = (
    "shop == none or len(shop) > 3",
    "shop != none and len(shop) > 3",
    "none != shop and len(shop) > 3",
    "not (shop == none) and len(shop) > 3",
    "not (shop == none or len(shop) > 3)",
    "not (shop != none and len(shop) > 3)",
    "low == none or high == none or low <= high",
    "low != none and high != none and low <= high",
    "(low != none and high != none) and low <= high",
    "not (low == none or high == none) and low <= high",
    "(shop != none and open or shop != none) and len(shop) > 3",
    'plan == none or plan.label == "Free"',
    "all line in lines: line.note == none or len(line.note) > 1",
    "all line in lines: line.note != none and len(line.note) > 1",
    "order != none and order.note != none and len(order.note) > 1",
    "shop == none or (any line in lines: line.sku == shop)",
    "amount != none and amount + 1 > 2",
)
UNSAFE = (
    "len(shop) > 3",
    "shop == none or open or len(shop) > 3 and low < high",
    "shop != none or len(shop) > 3",
    "shop == none and len(shop) > 3",
    "open and len(shop) > 3",
    "len(shop) > 3 and shop != none",
    "low != none and low <= high",
    "low != none or high != none or low <= high",
    "(shop != none or open) and len(shop) > 3",
    "not (shop != none) and len(shop) > 3",
    'plan.label == "Free"',
    "all line in lines: len(line.note) > 1",
    "distinct(lines.note)",
    "order.note != none and len(order.note) > 1",
    "order != none and len(order.note) > 1",
    "shop == low",
    "amount + 1 > 2",
    "-amount < 2",
    'shop in ["a", "b"]',
    "shop matches /a/",
)


@pytest.mark.parametrize("condition", SAFE)
def test_an_optional_that_was_tested_may_be_used(condition: str) -> None:
    assert rule(condition) == []


@pytest.mark.parametrize("condition", UNSAFE)
def test_an_optional_that_was_not_tested_may_not_be_used(condition: str) -> None:
    assert set(rule(condition)) == {"PS317"}


def test_when_tests_for_the_condition() -> None:
    assert rule("len(shop) > 3", when="shop != none") == []
    assert rule("low <= high", when="low != none and high != none") == []
    assert rule("low <= high", when="low != none") == ["PS317"]
    assert rule("low <= high", when="low != none or high != none") == ["PS317"]
    assert rule("len(shop) > 3", when="shop == none") == ["PS317"]


def test_what_is_always_there_is_not_compared_with_none() -> None:
    assert rule("open != none") == ["PS316"]
    assert rule("lines == none") == ["PS316"]


def template(text: str) -> list[str]:
    used = "{{ open }}{% for line in lines %}{{ line.sku }}{% endfor %}"
    used += "".join(f"{{% if {f} != none %}}a{{% endif %}}" for f in ("shop", "low", "high", "amount", "plan", "order"))
    return codes(PLANS + feature(f'prompt {{\n    user """{text}{used}"""\n}}', input=INPUT))


@pytest.mark.parametrize(
    "text",
    [
        "{% if shop %}{{ shop }}{% endif %}",
        "{% if shop != none %}{{ shop }}{% endif %}",
        "{% if shop == none %}none{% else %}{{ shop }}{% endif %}",
        "{% if not (shop == none) %}{{ shop }}{% endif %}",
        "{% if shop == none %}a{% elif open %}{{ shop }}{% else %}{{ shop }}{% endif %}",
        "{% if shop == none or low == none %}a{% else %}{{ shop }}{{ low }}{% endif %}",
        "{% if shop != none and low != none %}{{ shop }}{{ low }}{% endif %}",
        "{% if open %}a{% elif shop %}{{ shop }}{% endif %}",
        "{% if shop %}{% if low %}{{ shop }}{{ low }}{% endif %}{% endif %}",
        "{% if plan %}{{ plan.label }}{% endif %}",
        "{% for line in lines %}{% if line.note %}{{ line.note }}{% endif %}{% endfor %}",
        "{% if order %}{% if order.note %}{{ order.note }}{% endif %}{% endif %}",
    ],
)
def test_a_template_prints_what_it_has_tested(text: str) -> None:
    assert template(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "{{ shop }}",
        "{% if shop %}a{% else %}{{ shop }}{% endif %}",
        "{% if shop %}a{% endif %}{{ shop }}",
        "{% if shop == none %}{{ shop }}{% endif %}",
        "{% if shop %}a{% elif open %}{{ shop }}{% endif %}",
        "{% if open %}{{ shop }}{% elif shop %}a{% endif %}",
        "{% if shop != none or low != none %}{{ shop }}{% endif %}",
        "{% for line in lines %}{{ line.note }}{% endfor %}",
        "{{ plan.label }}",
    ],
)
def test_a_template_does_not_print_what_may_be_missing(text: str) -> None:
    assert template(text) == ["PS317"]


def test_an_optional_reply_is_tested_before_it_is_used() -> None:
    assert codes(feature('ensure len(output) > 3 else "x"', output="text(..80)?")) == ["PS317"]
    assert codes(feature('ensure output == none or len(output) > 3 else "x"', output="text(..80)?")) == []
    assert codes(feature('ensure len(output) > 3 when output != none else "x"', output="text(..80)?")) == []
