"""What is open never speaks as the system, and never chooses what the model is told."""

from __future__ import annotations

import pytest

from check.specs import checked, codes, feature, said
from promptspec.contract.feature import For, If, Message, Part, Print
from promptspec.contract.types import Trust

SOURCES = """
enum Mood { calm, upset }
source plans = rows { "free" "Free", "pro" "Professional" }
source films = csv("films.csv") {
    key id
    label title
    trust curated
    columns {
        title: line(..80)
        year: int(1888..2100)
    }
}
source news = csv("films.csv") {
    key id
    label title
}
source odd = csv("odd.csv") {
    key id
    label title
    trust curated
}
"""
FILMS = "id,title,year\nalien,Alien,1979\nheat,Heat,1995\n"
ODD = "id,title\na b,With a blank\n"
INPUT = """
        note: text(..200)
        shop: line(..40)?
        mood: Mood
        amount: int(1..9)
        day: date
        open: bool
        plan: one of plans
        film: one of films
        article: one of news
        strange: one of odd
        words: "yes" | "no"
        moods: list(..3) of Mood
        tags: list(..3) of line(..9)
        history: turns(..3) of text(..20)
    """
NAMES = ("note", "mood", "amount", "day", "open", "plan", "film", "article", "strange", "words", "moods", "tags")
USED = "".join(f"{{{{ {name} }}}}" for name in NAMES) + "{% if shop %}{{ shop }}{% endif %}"


def prompt(system: str, user: str = "") -> list[str]:
    written = f'prompt {{\n    system """{system}"""\n    turns history\n    user """{user}{USED}"""\n}}'
    return codes(SOURCES + feature(written, input=INPUT), films_csv=FILMS, odd_csv=ODD)


CLOSED = (
    "{{ mood }}",
    "{{ amount }}",
    "{{ amount + 1 }}",
    "{{ day }}",
    "{{ today }}",
    "{{ open }}",
    "{{ words }}",
    "{{ moods }}",
    "{{ plan }}",
    "{{ plan.key }}",
    "{{ film }}",
    "{{ film.title }}",
    "{{ film.year }}",
    "{{ strange }}",
    "{{ strange.title }}",
    "{{ len(moods) }}",
    "{% if mood == calm %}a{% endif %}",
    "{% if amount > 3 and open %}a{% elif day < today %}b{% else %}c{% endif %}",
    "{% for each in moods %}{{ each }}{% endfor %}",
    "{% if film.year > 1990 %}a{% endif %}",
    "{% raw %}{{ note }}{% endraw %}",
)
OPEN = (
    "{{ note }}",
    "{{ lower(note) }}",
    "{{ len(note) }}",
    "{{ len(tags) }}",
    "{{ tags }}",
    "{{ article }}",
    "{{ article.title }}",
    "{{ strange.id }}",
    "{{ contains(note, mood) }}",
    "{% if shop %}a{% endif %}",
    "{% if shop != none %}a{% endif %}",
    "{% if tags %}a{% endif %}",
    '{% if note == "a" %}a{% endif %}',
    "{% if open and len(note) > 3 %}a{% endif %}",
    "{% if open %}a{% elif len(note) > 3 %}b{% endif %}",
    "{% for tag in tags %}a{% endfor %}",
    "{% for turn in history %}a{% endfor %}",
    "{% for each in moods %}{{ note }}{% endfor %}",
    "{% if open %}{% if open %}{{ note }}{% endif %}{% endif %}",
)


@pytest.mark.parametrize("system", CLOSED)
def test_a_closed_value_may_stand_in_a_system_message(system: str) -> None:
    assert prompt(system) == []


@pytest.mark.parametrize("system", OPEN)
def test_an_open_value_never_stands_in_a_system_message(system: str) -> None:
    assert prompt(system) == ["PS401"]


@pytest.mark.parametrize(
    "user",
    [
        "{% if shop %}a{% endif %}",
        "{% if shop != none %}a{% endif %}",
        "{% if shop == none %}a{% endif %}",
        "{% if not (shop == none) %}a{% endif %}",
        "{% if shop != none and open %}a{% endif %}",
        "{% if note %}a{% endif %}",
        "{% if tags %}a{% endif %}",
        "{% if mood == calm %}a{% endif %}",
        "{% for tag in tags %}{{ tag }}{% endfor %}",
        "{% for turn in history %}{{ turn.role }}{{ turn.text }}{% endfor %}",
    ],
)
def test_a_condition_in_a_user_message_asks_for_presence_or_for_what_is_closed(user: str) -> None:
    assert prompt("a", user) == []


@pytest.mark.parametrize(
    "user",
    [
        '{% if note == "a" %}a{% endif %}',
        "{% if len(note) > 3 %}a{% endif %}",
        "{% if len(tags) > 1 %}a{% endif %}",
        '{% if "a" in tags %}a{% endif %}',
        "{% if note matches /a+/ %}a{% endif %}",
        '{% if shop != none and starts_with(shop, "a") %}a{% endif %}',
        "{% if open %}a{% elif distinct(tags) %}b{% endif %}",
        '{% if any tag in tags: tag == "a" %}a{% endif %}',
        '{% if article == "alien" %}a{% endif %}',
        '{% for tag in tags %}{% if tag == "a" %}a{% endif %}{% endfor %}',
    ],
)
def test_a_condition_in_a_user_message_never_asks_what_an_open_value_says(user: str) -> None:
    assert prompt("a", user) == ["PS406"]


def test_a_list_of_records_is_as_open_as_its_most_open_field() -> None:
    written = 'prompt {\n    system "{{ lines }}"\n    user "a"\n}'
    closed = feature(written, input="lines: list(..3) of { size: int(1..9) mood: bool }")
    opened = feature(written, input="lines: list(..3) of { size: int(1..9) note: line(..9) }")
    assert codes(closed) == []
    assert codes(opened) == ["PS401"]


def test_the_rows_of_a_spec_need_no_word_on_trust() -> None:
    written = 'prompt {\n    system "{{ plan }}"\n    user "a"\n}'
    assert codes('source plans = rows { "free" "Free" }\n' + feature(written, input="plan: one of plans")) == []


def test_open_values_of_the_default_prompt_stand_in_the_user_message() -> None:
    found = checked(feature(input="note: text(..200) mood: bool"))
    roles = {m.role: m for m in found.messages if isinstance(m, Message)}
    assert [p.trust for p in printed(roles["user"].parts)] == [Trust.OPEN, Trust.CLOSED]
    assert printed(roles["system"].parts) == []


def printed(parts: tuple[Part, ...]) -> list[Print]:
    found: list[Print] = []
    for part in parts:
        match part:
            case Print():
                found.append(part)
            case If():
                found += [p for branch in part.branches for p in printed(branch.body)]
            case For():
                found += printed(part.body)
            case _:
                pass
    return found


def test_the_message_says_what_to_do_with_an_open_value() -> None:
    written = 'prompt {\n    system "{{ message }}"\n    user "a"\n}'
    assert said(feature(written)) == ["PS401 the system message prints `message`, which is open"]
