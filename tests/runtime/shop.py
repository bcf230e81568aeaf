"""A feature with many kinds of fields, a model that says what a test tells it, and worlds that a test makes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from promptspec.models.port import Answer, Ask, Usage
from promptspec.ports import World
from promptspec.runtime.host import HOST
from promptspec.safety.callers import SignedIn

SPEC = '''
source plans = rows { "free" "Free", "pro" "Professional" }
source countries = rows { "no" "Norway", "at" "Austria" }
source cities = csv("cities.csv") {
    trust curated
    key id
    label name
    columns {
        name: line(1..20)
        country: line(1..4)
    }
}
source orders = csv("orders.csv") {
    key id
    label title
    columns {
        customer: line(1..20)
        title: line(1..40)
        total: decimal(0..9_999, 2)
    }
}
enum Mood { calm "Quiet", wild }
record Line {
    key sku: line(1..8, matching /[a-z]{2}-[0-9]+/)
    amount: int(1..9)
    price: decimal(0..9_999, 2) = 1.00
    gift: bool?
}

feature sort {
    model local
    input {
        order: one of orders where customer == caller.id and total * 2 < 1_000
        land: one of countries
        city: one of cities where country == land
        lines: list(1..4) of Line
        mood: Mood = calm
        moods: set(..3) of Mood
        note: text(1..60)?
        code: "x" | "y"
        held: date(2020-01-01..today)
        at: datetime?
        budget: decimal(0..99_999_999_999_999, 4)
        to: email?
        page: url(hosts "example.org")?
        history: turns(..3) of text(1..40)
        document: schema("document.json")?
    }
    output {
        pick: one of lines
        others: list(..3) of one of lines
        none_of_them: one of lines?
        plan: one of plans
        mood: Mood
        why: text(1..400)
        score: decimal(0..1, 2)
        due: date?
        to: email?
        tags: set(..3) of line(1..9)
    }
    prompt {
        system """
            Sort orders quickly and say nothing about the secret blue house behind the old mill by the river to anyone.
            The mood is {{ mood }}; {{ city.name }}; held on {{ held }}; {{ budget * budget }} squared.
            {% for m in moods %}{{ m }} {% endfor %}{% if mood == wild %}Wild.{% endif %}
            """
        turns history
        user """
            {% for line in lines %}{{ line }}. {{ line.sku }} x {{ line.amount }}
            {% endfor %}
            {% if note %}Note: {{ note }}{% endif %}
            {% if document %}{{ document }}{% endif %}
            {{ order.title }}
            """
    }
    require sum(lines.price) < 5_000 else "too dear"
    require note != none when mood == wild else "a wild order has a note"
    require all l in lines: l.amount < 9 else "too many"
    ensure pick not in others else "names the pick twice"
    ensure due == none or due >= held else "is due too early"
    ensure score > 0.1 when output.mood == calm else "is unsure"
    ensure any t in tags: t == "ok" else "has no ok"
    limits {
        prompt 4_000 tokens
        reply 700 tokens
        time 5s
        retries 2
    }
    caller signed_in
    limitations """
        Knows nothing of the returns that were made last year by people who live in the north.
        """
    example "one" {
        on 2026-01-31
        given {
            order: "o1", land: "no", city: "osl", lines: [{ sku: "ab-1", amount: 1 }], moods: [], code: "x",
            held: 2026-01-01, budget: 1, history: [],
        }
        returns {
            pick: "ab-1", others: [], plan: "pro", mood: calm, why: "Because it was asked for.", score: 0.5,
            tags: ["ok"],
        }
    }
}

model local = openai("tiny") {
    server openai
    structured json_schema
}
'''

DOCUMENT = {
    "type": "object",
    "additionalProperties": False,
    "required": ["title"],
    "properties": {
        "title": {"type": "string", "maxLength": 20},
        "rows": {"type": "array", "maxItems": 3, "items": {"type": "number"}},
    },
}

FILES = {
    "cities.csv": "id,name,country\nosl,Oslo,no\nbgo,Bergen,no\nvie,Wien,at\n",
    "orders.csv": "id,customer,title,total\no1,a-test,A mat,10.00\no2,someone,A desk,20.00\no3,a-test,A house,600.00\n",
    "document.json": json.dumps(DOCUMENT),
}

ME = SignedIn("a-test")

FIELDS: Mapping[str, Any] = {
    "order": "o1",
    "land": "no",
    "city": "osl",
    "lines": [{"sku": "ab-1", "amount": 2}, {"sku": "cd-2", "amount": 1}],
    "moods": ["wild", "calm"],
    "code": "x",
    "held": "2026-01-01",
    "budget": 10,
    "history": [],
}

REPLY: Mapping[str, Any] = {
    "pick": 2,
    "others": [1],
    "none_of_them": 0,
    "plan": "pro",
    "mood": "calm",
    "why": "Because it was asked for.",
    "score": 0.5,
    "due": None,
    "to": None,
    "tags": ["ok"],
}


@dataclass
class Clock:
    """Runs like the host's, on a day that stands still."""

    day: date = date(2026, 1, 31)

    def monotonic(self) -> float:
        return HOST.clock.monotonic()

    def today(self) -> date:
        return self.day

    def now(self) -> datetime:
        return datetime.combine(self.day, HOST.clock.now().timetz())


@dataclass
class Tokens:
    """Gives out the tokens it was made with, then numbers."""

    first: list[str] = field(default_factory=list[str])
    drawn: int = 0

    def token(self, bits: int) -> str:
        self.drawn += 1
        return self.first.pop(0) if self.first else f"{self.drawn:0{bits // 4}x}"


def world(**changes: Any) -> World:
    """Return a world on 31 January 2026."""
    fields: dict[str, Any] = {"clock": Clock(), "entropy": HOST.entropy, "environment": {}}
    return World(**(fields | changes))


@dataclass
class Teller:
    """A model that says *text*, or what it returns or raises; counts what it is asked."""

    text: str | Callable[[Ask], str] = ""
    raises: BaseException | None = None
    waits: float = 0.0
    asked: list[Ask] = field(default_factory=list[Ask])
    at_once: int = 0
    most_at_once: int = 0
    name: str = "teller"

    async def ask(self, ask: Ask, *, seconds: float) -> Answer:
        self.asked.append(ask)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            if self.waits:
                await asyncio.sleep(self.waits)
            if self.raises is not None:
                raise self.raises
            said = self.text if isinstance(self.text, str) else self.text(ask)
            return Answer(text=said, model=self.name, usage=Usage(input_tokens=3, output_tokens=4))
        finally:
            self.at_once -= 1


def good() -> Teller:
    """Return a model whose reply holds."""
    return Teller(json.dumps(REPLY))
