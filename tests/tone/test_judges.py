"""The judges of tone: what each finds, and what it leaves alone."""

from __future__ import annotations

import time
from decimal import Decimal

import pytest

from promptspec.tone import extras
from promptspec.tone.counts import (
    count_emoji,
    count_exclamations,
    count_links,
    count_numbers,
    count_questions,
    share_of_capitals,
)
from promptspec.tone.grade import reading_grade
from promptspec.tone.judges import avoids, in_language, in_person, measured, mentions, mentions_given
from promptspec.tone.measures import MEASURES
from promptspec.tone.person import Person
from promptspec.tone.phrases import BadPhrase, Phrases, check_phrase
from promptspec.tone.sentences import longest_sentence, sentences
from promptspec.tone.sentiment import sentiment


@pytest.mark.parametrize(
    "text",
    [
        "We guaranteed it.",
        "GUARANTEE",
        "g u a r a n t e e d",
        "g-u-a-r-a-n-t-e-e",
        "w e g u a r a n t e e",
        "guar\u200bantee",
        "guar\u00adantee",
        "gu\u2060arantee",
        "guаrаntее",
        "guárantée",
        "ｇｕａｒａｎｔｅｅ",
        "gua-\nrantee",
        "guar.antee",
        "guar_anteed",
    ],
)
def test_a_word_is_found_however_it_is_spelt(text: str):
    assert Phrases(["guarantee*"]).found_in(text)


@pytest.mark.parametrize("text", ["warranty", "a guar ant eel", "unguarantee", ""])
def test_other_words_are_not_found(text: str):
    assert not Phrases(["guarantee*"]).found_in(text)


def test_inflection_is_found_only_where_a_star_is_written():
    assert not Phrases(["guarantee"]).found_in("guarantees")
    assert Phrases(["guarantee"]).found_in("the guarantee's end")


@pytest.mark.parametrize("text", ["as an AI", "As An\nai", "as an  AI-model", "as-an-ai"])
def test_a_phrase_is_found_across_what_parts_its_words(text: str):
    assert Phrases(["as an AI"]).found_in(text)
    assert not Phrases(["as an AI"]).found_in("as an AIs")


def test_a_phrase_that_is_no_plain_words_is_found_as_it_is_written():
    assert Phrases(["C++"]).found_in("we write c++ here")
    assert not Phrases(["C++"]).found_in("we write C here")
    assert Phrases(["100% free"]).found_in("it is 100%\nfree")
    assert Phrases(["→"]).found_in("a → b")


def test_a_mention_does_not_count_in_pieces():
    assert mentions("refund policy")("See our Refund\nPolicy.")
    assert not mentions("refund")("r e f u n d")


def test_a_given_value_is_mentioned_as_it_stands():
    assert mentions_given()("As in Léon: The Professional, a child.", "Léon: the Professional")
    assert not mentions_given()("As in Leo.", "Leon")
    assert mentions_given()("Anything", "")


@pytest.mark.parametrize("phrase", ["", "  ", "gu*rantee", "*washing", "a*", "a *"])
def test_what_cannot_be_looked_for_is_refused(phrase: str):
    with pytest.raises(BadPhrase):
        check_phrase(phrase)


def test_patterns_are_found_across_line_breaks():
    judge = avoids((), ((r"as an (AI|assistant)", True),))
    assert not judge("As an\nassistant, I")
    assert judge("As a person")


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        (":-)", 0),
        ("©™→", 0),
        ("©️", 1),
        ("❤", 1),
        ("👍🏽", 1),
        ("👨‍👩‍👧", 1),
        ("🇩🇪🇫🇷", 2),
        ("1️⃣", 1),
        ("😀😀", 2),
        ("中文", 0),
    ],
)
def test_emoji_are_counted_as_people_see_them(text: str, count: int):
    assert count_emoji(text) == count


def test_a_heart_without_its_style_is_an_emoji():
    assert count_emoji("❤") == 1


def test_every_rgi_emoji_of_the_tables_counts_as_one():
    from promptspec.values.unicode_tables import joined_shapes

    for shape in joined_shapes():
        if len(shape) > 1 and all(part not in "↔↕" for part in shape):
            assert count_emoji("\u200d".join(part if ord(part) > 0x3000 else part + "\ufe0f" for part in shape)) == 1


@pytest.mark.parametrize(("text", "count"), [("No.", 0), ("Hi!", 1), ("!!!", 3), ("‼", 2), ("！❗", 2), ("⁉", 1)])
def test_exclamation_marks_are_counted(text: str, count: int):
    assert count_exclamations(text) == count


@pytest.mark.parametrize(("text", "count"), [("No.", 0), ("Why?", 1), ("？؟", 2), ("⁇", 2), ("⁉", 1)])
def test_question_marks_are_counted(text: str, count: int):
    assert count_questions(text) == count


@pytest.mark.parametrize(
    ("text", "count"), [("three", 0), ("1,000", 1), ("2026-01-31", 1), ("3 of 4", 2), ("½", 1), ("٣ and ③", 2)]
)
def test_numbers_are_counted(text: str, count: int):
    assert count_numbers(text) == count


def test_capitals_are_a_share_of_letters_with_case():
    assert share_of_capitals("") == 0
    assert share_of_capitals("ABcd 12") == 50
    assert share_of_capitals("ÄÖü中") == 66.67


@pytest.mark.parametrize(
    ("text", "count"),
    [("plain words", 0), ("https://a.org and www.b.org", 2), ("[x](y)", 1), ("evil[.]com", 1), ("end. Next", 0)],
)
def test_links_are_counted(text: str, count: int):
    assert count_links(text) == count


def test_a_sentence_ends_at_marks_lists_and_empty_lines():
    assert len(sentences("One. Two! Three? Four")) == 4
    assert longest_sentence("one two\nthree four") == 4
    assert longest_sentence("one two:\n- three\n- four five") == 2
    assert longest_sentence("") == 0
    assert longest_sentence("It is version 3.11 of it.") == 7


def test_the_reading_grade_is_that_of_the_formula():
    # 4.71 * 20/6 + 0.5 * 6/1 - 21.43
    assert reading_grade("abcd abcde abc ab abc abc.") == round(max(4.71 * 20 / 6 + 3 - 21.43, 0), 2)
    assert reading_grade("Comprehensive documentation facilitates organisational understanding.") > 20
    assert reading_grade("") == 0


def test_sentiment_is_that_of_the_package_and_linear():
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    theirs = SentimentIntensityAnalyzer()
    for text in (
        "A wonderful film.",
        "Not the worst, never so good!",
        "It is at least kind of fine.",
        "",
        "GREAT food, awful service 😀",
        "the service was good but the food was terrible",
        "no great thing, without doubt a sad one",
    ):
        assert sentiment(text) == theirs.polarity_scores(text)["compound"]


def test_sentiment_weighs_each_word_around_but_by_its_own_place():
    assert sentiment("good but bad") < 0 < sentiment("bad but good")


@pytest.mark.parametrize(
    ("text", "languages", "holds"),
    [
        ("Wir senden Ihnen die Ware morgen zu.", ("de",), True),
        ("Wir senden Ihnen die Ware morgen zu.", ("en",), False),
        ("Wir senden Ihnen die Ware morgen zu.", ("en", "de"), True),
        ("We ship your order tomorrow.", ("de",), False),
        ("Danke", ("de",), True),
        ("Danke", ("en",), True),
        ("Спасибо", ("de",), False),
        ("12 + 30", ("de",), True),
    ],
)
def test_the_language_of_a_text_is_found(text: str, languages: tuple[str, ...], holds: bool):
    assert in_language(*languages)(text) is holds


@pytest.mark.parametrize(
    ("text", "language", "person"),
    [
        ("I will send it.", "en", "first"),
        ("This is OURS.", "en", "first"),
        ("It is your parcel.", "en", "second"),
        ("The US market, i.e. a big one.", "en", "third"),
        ("Das ist unser Paket.", "de", "first"),
        ("Wir helfen Ihnen.", "de", "second"),
        ("Hast du das Paket?", "de", "second"),
        ("Das Paket ist da. Sie war froh.", "de", "third"),
    ],
)
def test_persons_are_told_by_pronouns(text: str, language: str, person: Person):
    assert in_person(person, language, negated=False)(text)
    assert not in_person(person, language, negated=True)(text)


def test_both_bounds_of_a_range_hold():
    judge = measured("emoji", Decimal(1), Decimal(2))
    assert [judge("😀" * count) for count in range(4)] == [False, True, True, False]
    # The bound of a decimal is met exactly.
    assert measured("sentiment", Decimal("0.5719"), None)("A wonderful film.")


def test_a_missing_library_is_told_when_the_judge_is_made(monkeypatch: pytest.MonkeyPatch):
    def nowhere(name: str) -> None:
        return None

    monkeypatch.setattr(extras, "find_spec", nowhere)
    with pytest.raises(ModuleNotFoundError, match=r"needs py3langid: install `promptspec\[tone\]`"):
        in_language("de")
    with pytest.raises(ModuleNotFoundError, match="vaderSentiment"):
        measured("sentiment", None, None)


@pytest.mark.parametrize("name", [*MEASURES, "avoid", "language", "person"])
def test_every_judge_is_linear_in_the_text(name: str):
    judge = {
        "avoid": avoids(("guarantee*", "as an AI", "C++"), ((r"a+b", True),)),
        "language": in_language("de"),
        "person": in_person("first", "en", "de", negated=True),
        **{each: measured(each, Decimal(0), None) for each in MEASURES},
    }[name]
    for piece in ("good but a ", "a ", "!", "1,", "😀\u200d", "- \n", "a-", "www.", "G ", "as an ", "a", "é", "7"):
        small, large = (_best(judge, piece * (size // len(piece))) for size in (4_000, 32_000))
        assert large < 8 * 3 * small + 0.02, piece


def _best(judge, text: str) -> float:
    judge(text[:100])
    taken = []
    for _ in range(3):
        before = time.process_time()
        judge(text)
        taken.append(time.process_time() - before)
    return min(taken)
