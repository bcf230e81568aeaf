"""What a request costs at most: exact, never less than is billed, and unknown where nobody said it."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptspec.contract.models import Environment, OpenAIModel, Price
from promptspec.contract.types import Origin
from promptspec.models.prices import PRICES, cost_of, price_of, worst_cost
from promptspec.project import Unusable, find_project

COUNTS = st.integers(0, 2_000_000)


def model(name: str, *, base_url: str | Environment | None = None, server: str = "openai") -> OpenAIModel:
    return OpenAIModel(
        name=name,
        server=server,
        api="responses",
        base_url=base_url,
        structured="json_schema",
        structured_because="",
        origin=Origin(file="a.spec", line=1),
    )


def test_a_request_costs_what_its_tokens_cost() -> None:
    price = Price(input=Decimal("0.20"), output=Decimal("1.20"))
    assert worst_cost(price, prompt_tokens=1_000, reply_tokens=500) == Decimal("0.0008")


def test_what_is_kept_for_later_costs_more() -> None:
    assert worst_cost(PRICES["gpt-5.6-luna"], prompt_tokens=1_000_000 // 4, reply_tokens=0) == Decimal("0.0625")


def test_a_long_prompt_makes_the_whole_request_dearer() -> None:
    luna = PRICES["gpt-6-luna"]
    short = worst_cost(luna, prompt_tokens=272_000, reply_tokens=1_000_000)
    long = worst_cost(luna, prompt_tokens=272_001, reply_tokens=1_000_000)
    assert short == Decimal("0.534")
    assert long == Decimal("0.75") + 2 * Decimal("0.125") * 272_001 / 1_000_000


@given(prompt=COUNTS, reply=COUNTS, cached=COUNTS, fewer=COUNTS, name=st.sampled_from(sorted(PRICES)))
def test_the_worst_cost_is_never_less_than_what_a_smaller_request_costs(
    prompt: int, reply: int, cached: int, fewer: int, name: str
) -> None:
    price = PRICES[name]
    most = worst_cost(price, prompt_tokens=prompt, reply_tokens=reply)
    asked = max(prompt - fewer, 0)
    assert cost_of(price, prompt_tokens=asked, cached_tokens=min(cached, asked), reply_tokens=reply) <= most


def test_more_cached_tokens_than_the_prompt_has_are_not_believed() -> None:
    price = Price(input=Decimal(2), cached_input=Decimal(1), output=Decimal(0))
    assert cost_of(price, prompt_tokens=1_000_000, cached_tokens=5_000_000, reply_tokens=0) == 1


def test_an_unknown_model_has_no_price() -> None:
    assert price_of(model("gpt-99-moon")) is None


@pytest.mark.parametrize("base_url", ["https://llm.example.org/v1", Environment(name="LLM_URL")])
def test_a_model_of_the_same_name_elsewhere_has_no_price(base_url: str | Environment) -> None:
    assert price_of(model("gpt-5.6-luna", base_url=base_url, server="other")) is None


def test_the_projects_own_price_holds_everywhere() -> None:
    own = Price(input=Decimal(0), output=Decimal(0))
    assert price_of(model("gpt-5.6-luna", base_url="https://llm.example.org"), [("gpt-5.6-luna", own)]) is own


@pytest.mark.parametrize("price", PRICES.values(), ids=PRICES.keys())
def test_every_price_says_where_and_when_it_was_read(price: Price) -> None:
    assert price.seen is not None
    assert price.source.startswith("https://")
    assert (price.cached_input or Decimal(0)) <= price.input <= (price.cache_write or price.input)


def settings(folder: Path, table: str) -> tuple[tuple[str, Price], ...]:
    (folder / "pyproject.toml").write_text(f"[tool.promptspec]\n{table}\n")
    return find_project(folder).settings.prices


def test_prices_of_the_settings_are_read_exactly(tmp_path: Path) -> None:
    found = settings(tmp_path, '[tool.promptspec.prices]\n"my.model" = { input = 0.1, cached_input = 0, output = 2 }')
    assert [name for name, _ in found] == ["my.model"]
    assert (found[0][1].input, found[0][1].output) == (Decimal("0.1"), Decimal(2))
    assert found[0][1].source == "pyproject.toml"


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("prices = 3", "is a table, with one entry a model"),
        ("[tool.promptspec.prices]\nm = 3", "is a table, as in `{ input = 0.2, output = 1.2 }`"),
        ("[tool.promptspec.prices]\nm = { output = 3 }", "says no `input`"),
        ("[tool.promptspec.prices]\nm = { input = -1 }", "`input` is a number of dollars from 0 to 1,000,000"),
        ("[tool.promptspec.prices]\nm = { input = true }", "`input` is a number of dollars"),
        ("[tool.promptspec.prices]\nm = { input = nan }", "`input` is a number of dollars"),
        ("[tool.promptspec.prices]\nm = { input = inf }", "`input` is a number of dollars"),
        ('[tool.promptspec.prices]\nm = { input = "1" }', "`input` is a number of dollars"),
        (f"[tool.promptspec.prices]\nm = {{ input = 0.{'1' * 60} }}", "is no TOML"),
        ("[tool.promptspec.prices]\nm = { input = 1e999999999999999999999 }", "is no TOML"),
        ("[tool.promptspec.prices]\nm = { input = 1, outputs = 1 }", "has no amount `outputs`; it has `input`"),
    ],
)
def test_a_price_that_is_none_is_refused(tmp_path: Path, table: str, said: str) -> None:
    with pytest.raises(Unusable) as refused:
        settings(tmp_path, table)
    assert said in str(refused.value)


def test_the_page_of_settings_tells_the_same_prices() -> None:
    page = (Path(__file__).parents[2] / "docs" / "reference" / "settings.md").read_text(encoding="utf-8")
    told: dict[str, list[str]] = {}
    for line in page.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 5 and cells[0].startswith("`"):
            told |= dict.fromkeys(cells[0].replace("`", "").split(", "), cells[1:])
    assert told.keys() == PRICES.keys()
    for name, (input, cached, kept, output) in told.items():
        price = PRICES[name]
        assert Decimal(input) == price.input
        assert (Decimal(cached) if cached else None) == price.cached_input
        assert (Decimal(kept) if kept else price.input) == (price.cache_write or price.input)
        assert (Decimal(output) if output else None) == price.output
