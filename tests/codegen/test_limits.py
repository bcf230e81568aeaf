"""Limits across calls in emitted modules: literals, prices with their date, and a stamp that knows them."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from codegen.specs import emitted, write_spec
from promptspec.api import compile_paths
from promptspec.contract.feature import Feature
from promptspec.contract.safety import CallCost
from promptspec.models import prices

SPEC = """
feature answer {{
    model {model}

    input {{ question: text(1..500) }}

    output text(1..280)
    {clauses}
    limits {{
        prompt 1_000 tokens
        reply 100 tokens
        retries {retries}
        repairs {repairs}
        spend 100 usd per day per feature
    }}
}}
"""
#: What 1,000 tokens in and 100 out cost at most: of gpt-5.6-luna, all of them kept, and of gpt-6-luna.
LUNA = Decimal("0.00037")
CHEAP = Decimal("0.000175")


def spec(model: str = '"gpt-5.6-luna"', clauses: str = "", retries: int = 0, repairs: int = 0, before: str = "") -> str:
    return before + SPEC.format(model=model, clauses=clauses, retries=retries, repairs=repairs)


def feature_of(folder: Path, text: str) -> Feature:
    found = compile_paths([write_spec(folder, text)])
    assert not found.has_errors(), [str(each.message) for each in found.diagnostics]
    module = found.units[0].module
    assert module is not None
    return module.features[0]


def cost(folder: Path, text: str) -> CallCost:
    found = feature_of(folder, text).cost
    assert found is not None
    return found


def test_one_request_costs_its_largest_prompt_and_its_longest_reply(tmp_path: Path) -> None:
    assert cost(tmp_path, spec()).most == LUNA


@pytest.mark.parametrize(("retries", "repairs", "requests"), [(2, 0, 3), (0, 1, 2), (3, 2, 6)])
def test_every_retry_and_repair_costs_as_much(tmp_path: Path, retries: int, repairs: int, requests: int) -> None:
    assert cost(tmp_path, spec(retries=retries, repairs=repairs)).most == requests * LUNA


def test_of_several_models_the_dearest_is_taken_for_each_request(tmp_path: Path) -> None:
    before = (
        'model cheap = openai("gpt-6-luna")\nmodel dear = openai("gpt-5.6-luna")\nmodel either = first cheap, dear\n'
    )
    found = cost(tmp_path, spec("either", retries=1, before=before))
    assert [each.most for each in found.models] == [CHEAP, LUNA]
    assert found.most == 2 * LUNA


def test_tokens_to_think_are_paid_for(tmp_path: Path) -> None:
    text = spec().replace("reply 100 tokens", "reply 100 tokens thinking 1_000 tokens")
    assert cost(tmp_path, text).most == LUNA + Decimal("0.0012")


def test_a_judge_costs_too(tmp_path: Path) -> None:
    judged = 'tone { judge "polite to the reader" 0.5 }\n    judge by strict'
    found = cost(tmp_path, spec(clauses=judged, before='model strict = openai("gpt-6-luna")\n', repairs=1))
    assert len(found.judges) == 1
    assert found.most == 2 * LUNA + 2 * found.judges[0].most


def test_a_moderator_with_a_price_costs_too(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[tool.promptspec]\nhosts = ["127.0.0.1:8080"]\n[tool.promptspec.prices]\nguard = { input = 1, output = 0 }\n'
    )
    before = 'model watch = openai("guard") {\n    base_url "http://127.0.0.1:8080/v1"\n    server other\n}\n'
    moderated = "moderate input, output with watch"
    found = cost(tmp_path, spec(clauses=moderated, before=before, retries=1, repairs=1))
    assert len(found.moderators) == 1
    # Before the request, after each of two replies, and once more.
    assert found.most == 3 * LUNA + 4 * found.moderators[0].most


def test_a_project_may_say_what_its_models_cost(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.promptspec.prices]\n"gpt-5.6-luna" = { input = 1, output = 10 }\n')
    assert cost(tmp_path, spec()).most == Decimal("0.002")


def test_bytes_bound_a_prompt_that_no_server_counts_as_we_do(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[tool.promptspec]\nhosts = ["127.0.0.1:8080"]\n[tool.promptspec.prices]\nown = { input = 1, output = 0 }\n'
    )
    before = 'model near_by = openai("own") {\n    base_url "http://127.0.0.1:8080/v1"\n    server llama_cpp\n}\n'
    found = feature_of(tmp_path, spec("near_by", before=before))
    assert found.cost is not None
    assert found.cost.most >= Decimal(found.largest_prompt) / 1_000_000


def test_a_feature_without_a_limit_on_spending_has_no_cost(tmp_path: Path) -> None:
    text = spec().replace("spend 100 usd per day per feature", "calls 5 per day per feature")
    assert feature_of(tmp_path, text).cost is None
    assert "Cost" not in emitted(tmp_path, text)


def test_a_module_says_what_is_counted_and_when_prices_were_seen(tmp_path: Path) -> None:
    text = emitted(tmp_path, spec())
    assert 'ps.Across(counts="usd", most=100_000_000_000, seconds=86_400, per="feature")' in text
    assert 'counted_as="a.spec answer"' in text
    assert "# prices of 2026-11-27" in text


def test_another_price_is_another_stamp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stamp() -> str:
        return next(line for line in emitted(tmp_path, spec()).splitlines() if line.startswith("STAMP"))

    before = stamp()
    assert stamp() == before
    known: dict[str, Any] = dict(prices.PRICES)
    monkeypatch.setattr(prices, "PRICES", known | {"gpt-5.6-luna": known["gpt-6-luna"]})
    assert stamp() != before


def test_vectors_cost_too(tmp_path: Path) -> None:
    before = 'source films = rows { "a" "Alien", "b" "Brazil" }\nmodel small = openai("text-embedding-3-small")\n'
    text = spec(before=before, clauses="find hits = films near question by embedding small top 2\n", retries=1)
    found = cost(tmp_path, text.replace("output text(1..280)", "output { film: one of hits? }"))
    assert [each.model for each in found.embedders] == ["text-embedding-3-small"]
    assert found.embedders[0].most > 0
    assert found.most == 2 * LUNA + 2 * found.embedders[0].most


def test_vectors_need_a_price(tmp_path: Path) -> None:
    before = 'source films = rows { "a" "Alien", "b" "Brazil" }\nmodel small = openai("unheard-of")\n'
    text = spec(before=before, clauses="find hits = films near question by embedding small top 2\n")
    found = compile_paths([write_spec(tmp_path, text.replace("output text(1..280)", "output { film: one of hits? }"))])
    assert "PS413" in [each.code for each in found.diagnostics]
