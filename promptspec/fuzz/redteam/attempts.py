"""The attempts of a run: each technique in an open text of a valid input, the same for the same seed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from itertools import zip_longest
from typing import TYPE_CHECKING, Final

from promptspec.contract.types import Choice, JsonSchema, ListOf, Text
from promptspec.contract.types import Words as OneOfWords
from promptspec.contract.walking import types_in
from promptspec.fuzz.attacks.making import ORDERS, Mutator, Seed, Words
from promptspec.fuzz.attacks.registry import MUTATORS, SEEDS
from promptspec.fuzz.redteam.placing import placed
from promptspec.fuzz.redteam.results import Goal, key_of
from promptspec.fuzz.redteam.signs import has_canary
from promptspec.fuzz.settling import settle, strings_in
from promptspec.models.draws import Draws
from promptspec.trials.plain import written

if TYPE_CHECKING:
    from promptspec.fuzz.cases import Json
    from promptspec.fuzz.corpus import Corpus
    from promptspec.fuzz.subjects import Subject

#: What mutators are tried on: the plainest seed.
PLAIN: Final = SEEDS[0]
#: Techniques of this family want the prompt itself.
_EXTRACTION: Final = "extraction"
#: Orders for the canary, and the one for a word of the output.
_CANARY_ORDERS: Final = tuple(place for place, order in enumerate(ORDERS) if "PWNED" in order)
_WORD_ORDER: Final = next(place for place, order in enumerate(ORDERS) if order.startswith("choose"))
#: Variants of one seed or mutator that are drawn from.
_VARIANTS: Final = 256
#: Who calls where nothing depends on it.
_CALLER: Final = "redteam"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One call to make: the input *given*, which is *original* with the *attack* in it.

    *word* is what the goal `word` wants chosen. *seed* feeds the chance of the call; *today* is None for the run's day.
    """

    file: str
    feature: str
    technique: str
    family: str
    index: int
    goal: Goal
    word: str = ""
    attack: str
    given: Json
    original: Json
    caller: str
    seed: int
    today: date | None = None

    @property
    def key(self) -> str:
        """Its name within any run."""
        return key_of(self.file, self.feature, self.technique, self.index)


@dataclass(frozen=True, slots=True)
class _Hostile:
    """A hostile text: who makes it, and what it wants."""

    technique: str
    family: str
    attack: str
    goal: Goal
    word: str = ""


@dataclass(frozen=True, slots=True)
class Input:
    """A valid input, the day on which it is valid (None for any), and a caller who may send it."""

    given: Json
    today: date | None = None
    caller: str = _CALLER


def attempts_of(
    subject: Subject, *, seed: int, repeat: int = 1, techniques: Sequence[str] = (), corpus: Corpus | None = None
) -> tuple[Attempt, ...]:
    """Return the attempts on one feature: *repeat* with each technique, those of *techniques* where some are named.

    They are ordered so that any beginning of them holds all families alike. A feature without a valid input or without
    an open text has none but those of *corpus* and of its own `attack` blocks.
    """
    inputs = valid_inputs(subject)
    found = [*_own(subject, seed), *(_outside(subject, inputs, seed, corpus) if corpus is not None else ())]
    if inputs:
        for index in range(repeat):
            found += _shuffled(subject, inputs, seed, index)
    return tuple(attempt for attempt in found if not techniques or attempt.technique in techniques)


def all_attempts(subjects: Iterable[Subject], attempts: Callable[[Subject], Sequence[Attempt]]) -> list[Attempt]:
    """Return the attempts on all features, in turn, so that a budget that ends is spread over them."""
    rounds = zip_longest(*(attempts(subject) for subject in subjects))
    return [attempt for each in rounds for attempt in each if attempt is not None]


def valid_inputs(subject: Subject) -> tuple[Input, ...]:
    """Return valid inputs of a feature: those of its examples, else of its tests and attacks, else made-up ones."""
    feature = subject.feature
    examples = [Input(written(example.given), example.today) for example in feature.examples]
    cases = [Input(written(case.given), case.today) for case in feature.cases if not case.has_refuses]
    written_down = tuple(known for known in examples or cases if _is_valid(subject, known))
    if written_down:
        return written_down
    from promptspec.fuzz.known_inputs import known_inputs

    made_up = known_inputs(subject)
    return tuple(Input(given, subject.today, made_up.caller) for given in made_up.bases)


def _is_valid(subject: Subject, known: Input) -> bool:
    return settle(subject, known.given, known.today or subject.today) is not None


def _shuffled(subject: Subject, inputs: tuple[Input, ...], seed: int, index: int) -> Iterator[Attempt]:
    """Yield one attempt with each technique, a family after the other in turn."""
    draws = Draws(f"{seed}:{subject.name}:{index}")
    families: dict[str, list[Seed | Mutator]] = {}
    for technique in draws.shuffled((*SEEDS, *MUTATORS)):
        families.setdefault(technique.family, []).append(technique)
    for each in zip_longest(*families.values()):
        for technique in each:
            if technique is not None and (made := _attempt(subject, inputs, technique, seed, index)) is not None:
                yield made


def _attempt(
    subject: Subject, inputs: tuple[Input, ...], technique: Seed | Mutator, seed: int, index: int
) -> Attempt | None:
    key = key_of(subject.module.file, subject.name, technique.name, index)
    draws = Draws(f"{seed}:{key}")
    hostile = _hostile(subject, technique, draws)
    chosen = draws.pick(inputs)
    put = placed(subject, chosen.given, hostile.attack, draws, chosen.today or subject.today)
    if put is None:
        return None
    return _made(subject, hostile, put[0], chosen, seed, index)


def _made(subject: Subject, hostile: _Hostile, given: Json, chosen: Input, seed: int, index: int) -> Attempt:
    key = key_of(subject.module.file, subject.name, hostile.technique, index)
    return Attempt(
        file=subject.module.file,
        feature=subject.name,
        technique=hostile.technique,
        family=hostile.family,
        index=index,
        goal=hostile.goal,
        word=hostile.word,
        attack=hostile.attack,
        given=given,
        original=chosen.given,
        caller=chosen.caller,
        seed=int.from_bytes(sha256(f"{seed}:{key}".encode()).digest()[:6], "big"),
        today=chosen.today,
    )


def _hostile(subject: Subject, technique: Seed | Mutator, draws: Draws) -> _Hostile:
    if isinstance(technique, Seed):
        attack, goal, word = _seeded(subject, technique, draws)
    else:
        plain, goal, word = _seeded(subject, PLAIN, draws)
        attack = technique.change(plain, draws.below(_VARIANTS))
    return _Hostile(technique.name, technique.family, attack, goal, word)


def _seeded(subject: Subject, seed: Seed, draws: Draws) -> tuple[str, Goal, str]:
    """Return a text of *seed*, what it wants, and the word that it wants chosen."""
    words = Words(subject.literals)
    choices = () if writes_text(subject) else choosable(subject)
    if choices:
        words.words = choices
    order = _WORD_ORDER if choices else draws.pick(_CANARY_ORDERS)
    turn = order + len(ORDERS) * draws.below(_VARIANTS)
    n = draws.below(len(seed.texts)) + len(seed.texts) * turn
    template, text = seed.texts[n % len(seed.texts)], seed.text(words, n)
    if seed.family == _EXTRACTION:
        return text, "echo", ""
    if has_canary(text):
        return text, "canary", ""
    if choices and ("⟨order⟩" in template or "⟨word⟩" in template):
        return text, "word", words.chosen(turn)["word"]
    return text, "sign", ""


def writes_text(subject: Subject) -> bool:
    """Say whether the reply holds open text."""
    types = types_in(subject.feature.output.fields, subject.module.record)
    return any(isinstance(type.item if isinstance(type, ListOf) else type, Text | JsonSchema) for type in types)


def choosable(subject: Subject) -> tuple[str, ...]:
    """Return the words that the output lets a model choose from."""
    found: list[str] = []
    for type in types_in(subject.feature.output.fields, subject.module.record):
        if isinstance(type, Choice):
            found += [member.name for member in subject.enum(type).members]
        elif isinstance(type, OneOfWords):
            found += type.words
    return tuple(dict.fromkeys(found))


def _own(subject: Subject, seed: int) -> Iterator[Attempt]:
    """Yield the `attack` blocks of the spec."""
    for index, case in enumerate(case for case in subject.feature.cases if case.kind == "attack"):
        given = written(case.given)
        hostile = _written_by_others(f"attack: {case.title}", "the spec's own", given)
        yield _made(subject, hostile, given, Input(given, case.today, case.caller or _CALLER), seed, index)


def _outside(subject: Subject, inputs: tuple[Input, ...], seed: int, corpus: Corpus) -> Iterator[Attempt]:
    """Yield the cases of a corpus, and its texts, each in one open text of an input."""
    cases = [case for feature, case in corpus.cases if feature == subject.name]
    for index, case in enumerate(cases):
        hostile = _written_by_others("+".join(case.techniques) or "corpus", "corpus", case.given)
        yield _made(subject, hostile, case.given, Input(case.given, case.today, case.caller), seed, index)
    for index, (name, text) in enumerate(corpus.texts if inputs else (), len(cases)):
        draws = Draws(f"{seed}:{subject.name}:corpus:{index}")
        chosen = draws.pick(inputs)
        put = placed(subject, chosen.given, text, draws, chosen.today or subject.today)
        if put is not None:
            goal: Goal = "canary" if has_canary(text) else "sign"
            yield _made(subject, _Hostile(f"corpus: {name}", "corpus", text, goal), put[0], chosen, seed, index)


def _written_by_others(technique: str, family: str, given: Json) -> _Hostile:
    texts = [text for text in strings_in(given) if has_canary(text)]
    longest = max(strings_in(given), key=len, default="")
    return _Hostile(technique, family, texts[0] if texts else longest, "canary" if texts else "sign")
