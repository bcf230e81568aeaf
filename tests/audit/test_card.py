"""The card: practices with their reasons, degrees of guarantee, sizes and costs."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from math import log2

import pytest

from audit.cards import card, status
from check.specs import feature
from contract.samples import module
from promptspec.audit.guarantees import Degree, guarantees_of
from promptspec.contract.models import Price
from promptspec.contract.safety import AcrossCalls

MODULE = module()
ATTACK = 'attack "a" {\n    given { message: "x" }\n}'
EXAMPLE = 'example "a" {\n    given { message: "x" }\n    returns "y"\n}'
LOCAL = 'model local = openai("llama") {\n    base_url "http://127.0.0.1:8080/v1"\n    server llama_cpp\n}\n'
HOSTS = '[tool.promptspec]\nhosts = ["127.0.0.1:8080"]\n'


def degrees(*clauses: str, input: str = "message: text(..200)", output: str = "text(..80)") -> dict[str, Degree]:
    found = card(feature(*clauses, input=input, output=output))
    return {rule.rule: rule.degree for rule in found.rules}


@pytest.mark.parametrize(
    ("title", "clause", "by"),
    [
        ("Moderation of the input", "moderate input", "omni-moderation-latest (openai): whatever it flags"),
        ("Moderation of the output", 'moderate output with words("blocked.txt")', "2 phrases of blocked.txt"),
        ("Adversarial testing", ATTACK, "1 attack, run by `fuzz`"),
        ("Prompt engineering: tone", "tone {\n    emoji none\n}", "1 rule checked on each reply"),
        ("Prompt engineering: tone", 'tone {\n    voice "warm"\n}', "0 rules checked on each reply, 1 told only"),
        ("Prompt engineering: examples", EXAMPLE, "1 example that the feature itself accepts"),
        ("Human in the loop", "review always", "every reply held for a person"),
        (
            "Human in the loop",
            'review when len(message) > 9 {\n    within 4h\n    by "leads"\n}',
            "replies for which the condition holds held for leads within 4h, else withhold",
        ),
        ("Know your customer", "caller verified", "caller verified"),
        ("Communicate limitations", 'limitations "Knows nothing."', "in form, docstring, card and system message"),
        (
            "Evaluate on a wide range",
            'evaluate "rows.jsonl" {\n    answer at least 1%\n}',
            "1 labelled row, run by `evaluate`",
        ),
    ],
)
def test_a_practice_is_missing_waived_or_met_by_something(title: str, clause: str, by: str) -> None:
    files = {"blocked_txt": "nasty\nfoul\n", "rows_jsonl": '{"given": {"message": "x"}, "returns": "y"}\n'}
    without = card(feature(output="text(..80)"))
    assert status(without, title) == ("missing", "")
    name = next(each.name for each in without.practices if each.title == title)
    waived = card(feature(f'waive {name} because "it is fine"', output="text(..80)"))
    assert status(waived, title) == ("waived", "it is fine")
    assert status(card(feature(clause, output="text(..80)"), **files), title) == ("met", by)


def test_a_sample_is_seen_after_delivery_and_is_no_review() -> None:
    assert status(card(feature("sample 2%")), "Human in the loop") == ("missing", "")


def test_reports_are_told_with_where_they_go() -> None:
    found = card(feature())
    assert status(found, "Let users report issues") == ("missing", "")
    settings = '[tool.promptspec]\nhosts = ["example.org"]\n'
    told = card(feature('report to "mailto:desk@example.org"'), pyproject_toml=settings)
    assert status(told, "Let users report issues") == ("met", "kept, and forwarded to mailto:desk@example.org")
    shown = card(feature('report to "mailto:desk@example.org" {\n    show reply\n}'), pyproject_toml=settings)
    assert status(shown, "Let users report issues") == (
        "met",
        "kept, and forwarded with the reply to mailto:desk@example.org",
    )


def test_limits_across_calls_are_told_with_what_counts_them() -> None:
    found = card(feature())
    limit = AcrossCalls(
        counts="calls", amount=Decimal(20), period_ms=60_000, per="caller", allows=True, origin=found.feature.origin
    )
    rules = guarantees_of(replace(found.feature, across=(limit,)), MODULE)
    told = next(each for each in rules if each.rule == "20 calls in 1m per caller")
    assert told.degree == "enforced"
    assert "lets through" in told.note
    assert "a counter in memory is per process" in told.note


@pytest.mark.parametrize(
    ("clause", "rule", "note"),
    [
        ("review always", "review always", "held until a person decides; judged again at release"),
        (
            "review always {\n    within 4h\n    otherwise release\n}",
            "review always",
            "held for 4h, and released where nobody has decided",
        ),
        ("sample 2%", "sample 2%", "chosen by a keyed hash, so that asking again changes nothing; seen after delivery"),
        ("keep 90d", "keep 90d", "texts are removed from the ledger"),
        ("secret message", "secret message", "its texts are sealed in the ledger, or not kept"),
    ],
)
def test_what_people_see_and_what_is_kept_is_told(clause: str, rule: str, note: str) -> None:
    clauses = (clause,) if not clause.startswith("secret") else ("keep 7d", clause)
    found = {each.rule: each for each in card(feature(*clauses)).rules}
    assert (found[rule].degree, found[rule].note) == ("enforced", note)


def test_nothing_has_to_be_moderated_where_nobody_writes() -> None:
    found = card(feature(input="message: bool", output="bool"))
    assert status(found, "Moderation of the input")[0] == "not needed"
    assert status(found, "Moderation of the output")[0] == "not needed"
    assert status(found, "Prompt engineering: tone")[0] == "not needed"


@pytest.mark.parametrize("level", ["anyone", "session"])
def test_callers_that_are_nobody_are_not_known(level: str) -> None:
    assert status(card(feature(f"caller {level}")), "Know your customer") == ("missing", "")


def test_practices_that_are_missing_are_named_as_a_waiver_names_them() -> None:
    assert card(feature(output="text(..80)")).missing == (
        "moderate input", "moderate output", "attack", "review", "tone", "example", "caller", "report", "limitations",
        "evaluate",
    )  # fmt: skip


def test_choices_of_sources_are_told_with_their_rows() -> None:
    text = 'source plans = rows { "a" "A", "b" "B" }\n' + feature(input="plan: one of plans", output="one of plans")
    found = card(text)
    assert status(found, "Validated dropdowns") == ("met", "checked against plans (2 rows)")
    assert status(found, "Validated outputs")[0] == "met"
    assert status(found, "Narrow ranges") == ("met", "2 of 2 fields of input and output are choices, numbers or dates")


def test_every_degree_of_guarantee_is_told() -> None:
    found = degrees(
        'require message != "" else "say something"',
        'ensure output != "" else "says nothing"',
        'tone {\n    voice "warm"\n    emoji none\n}',
        "moderate input",
        'limitations "Knows nothing."',
        EXAMPLE,
    )
    assert found["nothing open in a system message"] == "by construction"
    assert found["number, order and roles of messages in the request"] == "by construction"
    assert found["a value cannot close its fence"] == "unforgeable"
    assert found["fenced text is data"] == "persuasion"
    assert found["limitations"] == "persuasion"
    assert found["the instructions of the prompt"] == "persuasion"
    assert found["input.message: text(..200)"] == "enforced"
    assert found["output: text(..80)"] == "enforced"
    assert found['require … else "say something"'] == "enforced"
    assert found['ensure … else "says nothing"'] == "enforced"
    assert found["tone: has emoji"] == "enforced"
    assert found["tone: is not in the voice that was asked for"] == "persuasion"
    assert found["moderate input with omni-moderation-latest (openai): whatever it flags"] == "enforced"
    assert found['example "a"'] == "enforced"
    assert found["caller session"] == "enforced"
    assert found["replies hold no sinks but those that types open"] == "enforced"


def test_a_feature_without_open_values_has_no_fence() -> None:
    assert "a value cannot close its fence" not in degrees(input="message: bool", output="bool")


def test_code_that_nobody_parses_is_persuasion() -> None:
    assert degrees(output="code(..80, rust)")["output is rust"] == "persuasion"
    assert "output is python" not in degrees(output="code(..80, python)")


def test_roles_are_told_by_the_server_where_its_templates_may_read_them() -> None:
    text = LOCAL + feature().replace('"gpt-5.6-luna"', "local")
    assert card(feature()).roles == "roles: by construction"
    assert card(text, pyproject_toml=HOSTS).roles == "roles: by the server"


def test_the_weakest_model_of_a_chain_is_told() -> None:
    chain = 'model home = openai("gpt-5.6-luna")\n' + LOCAL + "model both = first home, local\n"
    found = card(chain + feature().replace('"gpt-5.6-luna"', "both"), pyproject_toml=HOSTS)
    assert [model.name for model in found.models] == ["gpt-5.6-luna", "llama"]
    assert found.weakest.name == "llama"
    assert found.roles == "roles: by the server"


def test_bits_of_closed_types_are_exact() -> None:
    found = card("enum Topic { a, b, c }\n" + feature(input="n: int(1..8)  t: Topic?", output="Topic"))
    assert found.bits_in.exact
    assert found.bits_in.log2 == pytest.approx(3 + 2)
    assert found.bits_out.log2 == pytest.approx(log2(3))
    assert found.open_in.log2 == 0


def test_the_cost_counts_every_reply_and_every_retry() -> None:
    found = card(feature("limits {\n    reply 100 tokens\n    prompt 1_000 tokens\n    retries 3\n    repairs 1\n}"))
    each = (min(found.feature.largest_prompt, 1_000) * Decimal("0.25") + 100 * Decimal("1.20")) / 1_000_000
    assert found.cost.dollars == each * (2 + 3)
    assert [request.what for request in found.cost.requests] == ["a reply"]


def test_what_a_model_thinks_is_paid_for() -> None:
    limits = "limits {{\n    reply 100 tokens\n    thinking {} tokens\n    retries 0\n    repairs 0\n}}"
    less, more = (card(feature(limits.format(n))).cost.dollars for n in (1, 1_001))
    assert less is not None
    assert more is not None
    assert more - less == Decimal("0.0012")


def test_judges_and_moderators_are_counted() -> None:
    clauses = ('judge by "gpt-6-luna"', 'tone {\n    judge "polite" 0.8\n}', "moderate input, output")
    requests = card(feature(*clauses, output="text(..80)")).cost.requests
    assert [(request.what, request.times, request.dollars is not None) for request in requests] == [
        ("a reply", 2, True),
        ("a judgement", 2, True),
    ]
    local = LOCAL + feature("moderate input, output", output="text(..80)").replace('"gpt-5.6-luna"', "local")
    found = card(local, pyproject_toml=HOSTS).cost
    assert [(request.what, request.times) for request in found.requests] == [
        ("a reply", 2),
        ("moderation of the input", 1),
        ("moderation of a reply", 2),
    ]
    assert (found.dollars, found.unknown) == (None, ("llama",))


def test_a_price_of_the_project_is_counted() -> None:
    free = (("llama", Price(input=Decimal(0), output=Decimal(0))),)
    text = LOCAL + feature().replace('"gpt-5.6-luna"', "local")
    assert card(text, free, pyproject_toml=HOSTS).cost.dollars == 0


def test_one_model_without_a_price_leaves_the_cost_unknown() -> None:
    chain = 'model home = openai("gpt-5.6-luna")\n' + LOCAL + "model both = first home, local\n"
    found = card(chain + feature().replace('"gpt-5.6-luna"', "both"), pyproject_toml=HOSTS)
    assert found.cost.unknown == ("llama",)
