"""The lists of profanity: every entry is found, and no ordinary sentence is refused for one."""

from __future__ import annotations

from pathlib import Path

import pytest

from check.specs import checked, codes, feature, said
from promptspec.tone.judges import without_profanity
from promptspec.tone.phrases import check_phrase
from promptspec.tone.profanity import LANGUAGES, entries

SENTENCES = (Path(__file__).parents[1] / "values" / "data" / "sentences.txt").read_text(encoding="utf-8").splitlines()
EVERYDAY = {
    "en": """Scunthorpe Penistone Essex Middlesex Sussex Lightwater Cockermouth Clitheroe
        cockpit peacock cocktail shuttlecock Hancock Dickens Dick Moby-Dick Dickinson suck sucker naked Rosette assess
        class bass assassin embarrass pass Assam grasshopper shiitake mushiitake niggardly niggling snigger document
        cumulative cucumber circumstance analysis therapist Titan title constitution Wankel swank saltwater Matsushita
        hitch pitch bitchumen kitchen pussycat pussy willow prick prickly pear cuntry country retarded retardant fire
        retard hello shell hell damn crap scrap hoe shoe arsenal arsenic parse sparse Arsene basement spice spicy spic
        and span chink in the armour dyke Van Dyke fagot Pakistan pakora coffee goddess slots salute whorl whole
        pistachio epistle Pisa mass massage canal penal annual cannabis swatter twatch""",
    "de": """Arschin Marsch Barsch Charme Fickel Ficus Hurenia Huron Hurrikan Schlampampe Nute Nutzen Wichse wichtig
        gewichtet Negerhof Neger-Tal Montenegro Montenegriner spastisch Spachtel Pissarro Maulwurf Maul
        Fresse fressen Polack Scheitel Scheit scheiden Schein Muschi Schwanz Vogel Sau Sauerland Judenburg
        Miststall Mist Kackerlacke Kakao Shitstorm""",
    "fr": """Connery connexion content concombre pique-nique pique-niquer Dominique unique salopette salon pédestre
        pédagogie bite biter cul-de-sac culotte Merdrignac Mercredi putatif réputation dispute Bordeaux bordelais chat
        chatte Montenegro Rio Negro nègre tapette queue garce gueule foutu couleur Chier bicot""",
    "es": """cono conos helado computadora disputa reputado imputar diputado diputada capullo coger polla pollo pollito
        culo culpa cultura calculo zorra hostia Marica verga vergonzoso Joderías mierdano folleto follaje hueva huevo
        carajillo chingolo cabra cabrito moro morado negro concha conchal""",
}


def _decent(language: str) -> list[str]:
    named = {"de": {"Negerhof", "Neger-Tal"}, "fr": {"Chier"}}.get(language, set())
    return [word for word in EVERYDAY[language].split() if word not in named]


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_no_ordinary_sentence_is_refused(language: str) -> None:
    judge = without_profanity(language)
    assert len(SENTENCES) >= 300
    assert [sentence for sentence in SENTENCES if not judge(sentence)] == []


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_no_everyday_word_is_refused(language: str) -> None:
    judge = without_profanity(language)
    assert [word for word in _decent(language) if not judge(word)] == []
    assert judge(" ".join(_decent(language)))


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_every_entry_is_found_plainly_and_in_disguise(language: str) -> None:
    judge = without_profanity(language)
    for entry in entries(language):
        check_phrase(entry)
        word = entry.replace("*", "")
        for spelt in (
            word,
            word.upper(),
            word.replace(" ", "\n"),
            word[:2] + "\u200b" + word[2:],
            " ".join(filter(str.isalnum, word)),
        ):
            assert not judge(f"Well, {spelt}!"), entry


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_a_list_is_sorted_and_says_nothing_twice(language: str) -> None:
    listed = entries(language)
    assert list(listed) == sorted(set(listed))
    assert len(listed) > 80


def test_a_language_without_a_list_has_none() -> None:
    with pytest.raises(KeyError):
        entries("ja")


def test_the_lists_of_all_languages_of_a_text_count() -> None:
    (_, rule) = checked(feature('tone {\n    language "en", "de"\n    profanity none\n}', output="text(..400)")).tone
    assert rule.message == "holds profanity"
    judge = without_profanity("en", "de")
    assert not judge("So ein Arschloch.")
    assert not judge("What an asshole.")
    assert without_profanity("en")("So ein Arschloch.")


def test_profanity_takes_none_alone() -> None:
    for written in ("profanity ..1", 'profanity "hell"', "profanity none, none"):
        assert codes(feature(f"tone {{\n    {written}\n}}", output="text(..400)")) == ["PS701"]


def test_what_must_be_mentioned_is_no_profanity() -> None:
    found = said(feature('tone {\n    mention "shithead"\n    profanity none\n}', output="text(..400)"))
    assert found == ["PS705 what must be mentioned here breaks `profanity`"]
