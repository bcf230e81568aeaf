"""`promptspec review`: the desk on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.terminal import Seen, promptspec
from promptspec.ledger.opening import LEDGER

SPEC = """promptspec 1

## Offers a customer something back.
feature offer_refund {
    model "gpt-5.6-luna"

    input {
        complaint: text(1..200)
        paid: int(0..100)
    }

    output {
        letter: text(1..200)
        refund: int(0..100)
    }

    ensure refund <= paid else "no more than was paid"

    review always {
        show complaint
        by "leads"
    }

    example "all of it" {
        given { complaint: "It never came.", paid: 90 }
        returns { letter: "You get all of it.", refund: 90 }
    }
}
"""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "pyproject.toml").write_text("[tool.promptspec]\n", encoding="utf-8")
    (tmp_path / "refunds.spec").write_text(SPEC, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(shop: Path, *arguments: str, stdin: str = "") -> Seen:
    return promptspec(*arguments, environment={LEDGER: str(shop / "ledger.db")}, stdin=stdin)


def held(shop: Path) -> str:
    seen = run(shop, "run", "refunds.spec:offer_refund", "-f", "complaint=It never came.", "-f", "paid=90", "--json")
    assert seen.code == 0
    return str(json.loads(seen.out)["held"])


def test_a_reply_is_held_shown_and_approved(shop: Path) -> None:
    ticket = held(shop)
    assert ticket in run(shop, "review", "list", "--desk", "leads").out
    assert run(shop, "review", "list", "--desk", "others").out == "nothing waits\n"
    shown = run(shop, "review", "show", ticket, "--prompt")
    assert "complaint: It never came." in shown.out
    assert "refund: 90" in shown.out
    assert "paid" not in shown.out.partition("prompt")[0]
    assert run(shop, "review", "approve", ticket, "--by", "Eve").out == f"{ticket} is approved\n"
    again = run(shop, "review", "reject", ticket, "--reason", "no", "--by", "Mallory")
    assert (again.code, again.err) == (1, "error: it was approved by Eve already\n")
    assert run(shop, "review", "list").out == "nothing waits\n"
    assert run(shop, "audit", "verify").code == 0


def test_an_edit_is_checked_before_it_is_recorded(shop: Path) -> None:
    ticket = held(shop)
    refused = run(shop, "review", "edit", ticket, "--value", "-", stdin='{"letter": "More.", "refund": 91}')
    assert refused.code == 1
    assert "output.refund: no more than was paid [ensure_1]" in refused.err
    broken = run(shop, "review", "edit", ticket, "--value", "-", stdin='{"letter"')
    assert broken.code == 2
    edited = run(shop, "review", "edit", ticket, "--value", "-", stdin='{"letter": "Less.", "refund": 5}')
    assert edited.out == f"{ticket} is edited\n"
    facts = json.loads(run(shop, "review", "show", ticket, "--json").out)
    assert (facts["state"], facts["edited"]) == ("edited", {"letter": "Less.", "refund": 5})


def test_what_is_not_there_and_what_is_missing_is_said(shop: Path) -> None:
    nowhere = run(shop, "review", "list")
    assert nowhere.code == 3
    assert "nothing has been written here yet" in nowhere.err
    ticket = held(shop)
    assert "there is no such ticket" in run(shop, "review", "approve", "t_" + "0" * 32).err
    assert "say why" in run(shop, "review", "reject", ticket).err
    assert run(shop, "review", "close", ticket).code == 1
