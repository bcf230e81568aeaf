"""What of a reply that is still coming has passed: sentences of one text, or fields and items."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, Protocol, cast, get_args, get_origin

from pydantic import ValidationError, create_model
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError

from promptspec.runtime.collections import items
from promptspec.runtime.records import Record
from promptspec.runtime.toning import Tone, keeps_tone
from promptspec.runtime.values import text
from promptspec.values.json_pieces import Found, JsonPieces
from promptspec.values.untyped import category

if TYPE_CHECKING:
    from promptspec.runtime.context import Context
    from promptspec.runtime.plan import Plan

#: Of a bare output the only field.
_ANSWER: Final = "answer"
#: Where a text may be cut: behind a full stop and blanks, or a full stop of a script without blanks, before a character
#: that shows. Nowhere else: what is encoded to be hidden, in base64 or hexadecimal, holds no full stop.
_CUT: Final = re.compile(
    r"[.!?…‼⁇⁈⁉؟।][\"'”’»«)\]]*\s+(?=\S)"
    r"|(?<![。！？．])[。！？．]++[」』）”’]*+(?:\s++(?=[^。！？．」』）”’])|(?=[^\s。！？．」』）”’A-Za-z0-9]))"
)
#: What may stand between the full stop of a cut and the character behind it.
_MARKS: Final = "\"'”’»«)]」』）。！？．.!?…‼⁇⁈⁉؟।"
#: A text is looked at again when so much of it, a 64th, has been added: each look is at the whole of it.
_AGAIN_AFTER: Final = 64


@dataclass(frozen=True, slots=True)
class Piece:
    """What of a reply has passed: a field (`why`), an item of a list (`picks[0]`), of a bare list (`[0]`)."""

    path: str
    value: Any = field(repr=False)


class Pieces(Protocol):
    """Takes in the text of an answer, and gives what of it has passed."""

    def feed(self, text: str) -> list[Any]:
        """Return what has passed now that *text* has come too."""
        ...

    def is_begin_of(self, value: Any) -> bool:
        """Say whether what was given is how the reply with *value* begins."""
        ...

    def rest_of(self, value: Any) -> Iterator[Any]:
        """Yield what of the whole reply was not given yet."""
        ...


def is_one_text(plan: Plan) -> bool:
    """Say whether the reply is one text, and so comes sentence by sentence."""
    return plan.bare and _text_of(plan) is not None


def _text_of(plan: Plan) -> text | None:
    return next((each for each in plan.output.model_fields[_ANSWER].metadata if isinstance(each, text)), None)


class Sentences:
    """The sentences of a reply that is one text. A sentence passes when the next one has begun and everything so far
    holds: of the text as far as it has come the type, with sinks and echo, of the text up to the cut the tone as well.
    """

    def __init__(
        self,
        plan: Plan,
        tone: tuple[Tone, ...],
        given: Any,
        context: Context,
        may_echo_on: Callable[[str, int], bool],
    ) -> None:
        judge = _text_of(plan)
        assert judge is not None
        self._judge = judge
        self._tone = tone
        self._given = given
        self._context = context
        self._may_echo_on = may_echo_on
        self._reader = JsonPieces(text=_ANSWER)
        self._passed = ""
        self._looked_at = 0
        self._searched = 0

    def feed(self, text: str) -> list[str]:
        """Return the sentences that have passed now that *text* has come too."""
        self._reader.feed(text)
        come = self._reader.text
        if len(come) < self._looked_at:
            return []
        if not _CUT.search(come, max(self._searched, len(self._passed))):
            # Whatever is still to become a cut begins in the marks and blanks at the end.
            self._searched = len(_without_end(come, self._searched))
            return []
        self._looked_at = len(come) + 1 + len(come) // _AGAIN_AFTER
        so_far = self._held(come)
        if so_far is None or not so_far.startswith(self._passed):
            return []
        cuts = [cut for cut in _cuts(so_far) if cut > len(self._passed)]
        for place in range(len(cuts), 0, -1):
            if self._passes(so_far, cuts[place - 1]):
                begin = len(self._passed)
                self._passed = so_far[: cuts[place - 1]]
                self._looked_at = len(come) + len(come) // _AGAIN_AFTER
                return _between([begin, *cuts[:place]], so_far)
        return []

    def _held(self, come: str) -> str | None:
        """Return the text as a call would deliver it, None where its type does not hold of it."""
        try:
            return self._judge.judge_text(come, self._context)
        except PydanticCustomError:
            return None

    def _passes(self, so_far: str, cut: int) -> bool:
        begin = so_far[:cut]
        return (
            self._held(begin) == begin
            and not self._may_echo_on(so_far, cut)
            and keeps_tone(self._tone, self._given, begin, _ANSWER)
        )

    def is_begin_of(self, value: Any) -> bool:
        """Say whether the sentences given are how *value* begins."""
        return str(value).startswith(self._passed)

    def rest_of(self, value: Any) -> Iterator[str]:
        """Yield the sentences of *value* that were not given yet."""
        begin, whole = len(self._passed), str(value)
        return iter(_between([begin, *(cut for cut in _cuts(whole) if cut > begin), len(whole)], whole))


def _cuts(text: str) -> Iterator[int]:
    """Yield where *text* may be cut. No mark follows, which could change what stands before it, and no `[` is open.

    A host may be written with the full stop of another script, so that no cut stands between one and a letter or digit.
    """
    for found in _CUT.finditer(text):
        cut = found.end()
        if not category(text[cut]).startswith("M") and text.rfind("[", 0, cut) <= text.rfind("]", 0, cut):
            yield cut


def _without_end(text: str, begin: int) -> str:
    """Return *text* without the marks and blanks at its end, of which those before *begin* stay."""
    end = len(text)
    while end > begin and (text[end - 1] in _MARKS or text[end - 1].isspace()):
        end -= 1
    return text[:end]


def _between(places: list[int], text: str) -> list[str]:
    return [text[begin:end] for begin, end in pairwise(places) if begin < end]


class Members:
    """The fields of a record, and the items of lists in it one by one, each judged for itself.

    Items pass once as many are there as the list must have. From the first that does not hold on nothing passes.
    """

    def __init__(self, plan: Plan, tone: tuple[Tone, ...], given: Any, context: Context) -> None:
        self._bare = plan.bare
        self._tone = tone
        self._given = given
        self._context = context
        self._slots = _slots_of(plan.output)
        self._reader = JsonPieces(lists=[name for name, slot in self._slots.items() if slot.bounds is not None])
        self._values: dict[str, Any] = {}
        self._items: dict[str, list[Any]] = {}
        self._holds = True

    def feed(self, text: str) -> list[Piece]:
        """Return the pieces that have passed now that *text* has come too."""
        passed: list[Piece] = []
        for found in self._reader.feed(text):
            if self._holds:
                passed += self._judged(found)
        return passed

    def _judged(self, found: Found) -> list[Piece]:
        slot = self._slots.get(found.name)
        if slot is None:
            self._holds = False
            return []
        model = slot.whole if found.index is None else slot.item
        try:
            value: Any = getattr(model.model_validate({"value": found.value}, context=self._context), "value")  # noqa: B009
        except ValidationError:
            self._holds = False
            return []
        if not keeps_tone(self._tone, self._given, value, slot.attribute):
            self._holds = False
            return []
        if found.index is not None:
            return self._listed(found, found.index, slot, value)
        if value is None:
            return []
        self._values[found.name] = value
        return [Piece(self._path(found.name), value)]

    def _listed(self, found: Found, index: int, slot: _Slot, value: Any) -> list[Piece]:
        bounds = slot.bounds
        assert bounds is not None
        if index >= bounds.most:
            self._holds = False
            return []
        listed = self._items.setdefault(found.name, [])
        if bounds.unique and value in listed:
            return []
        listed.append(value)
        if len(listed) < bounds.least:
            return []
        first = 0 if len(listed) == bounds.least else len(listed) - 1
        return [Piece(self._path(found.name, at), listed[at]) for at in range(first, len(listed))]

    def _path(self, name: str, index: int | None = None) -> str:
        inside = "" if index is None else f"[{index}]"
        return inside if self._bare else name + inside

    def is_begin_of(self, value: Any) -> bool:
        """Say whether the pieces given are pieces of *value*."""
        whole = {name: self._of(value, slot) for name, slot in self._slots.items()}
        return all(whole[name] == given for name, given in self._values.items()) and all(
            list(whole[name])[: len(listed)] == listed
            for name, listed in self._items.items()
            if self._is_given(name, listed)
        )

    def rest_of(self, value: Any) -> Iterator[Piece]:
        """Yield the pieces of *value* that were not given yet, in the order of the fields."""
        for name, slot in self._slots.items():
            whole = self._of(value, slot)
            if slot.bounds is not None:
                listed = self._items.get(name, [])
                first = len(listed) if self._is_given(name, listed) else 0
                for at in range(first, len(whole)):
                    yield Piece(self._path(name, at), whole[at])
            elif whole is not None and name not in self._values:
                yield Piece(self._path(name), whole)

    def _is_given(self, name: str, listed: list[Any]) -> bool:
        bounds = self._slots[name].bounds
        return bounds is not None and len(listed) >= bounds.least

    def _of(self, value: Any, slot: _Slot) -> Any:
        return value if self._bare else getattr(value, slot.attribute)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Slot:
    """A field: what judges its value, or each item of its list within *bounds*."""

    attribute: str
    whole: type[Record]
    item: type[Record]
    bounds: items | None


@lru_cache(maxsize=256)
def _slots_of(output: type[Record]) -> Mapping[str, _Slot]:
    """Return the fields of *output* by their names on the wire."""
    found: dict[str, _Slot] = {}
    for attribute, declared in output.model_fields.items():
        bounds = next((each for each in declared.metadata if isinstance(each, items)), None)
        if get_origin(declared.annotation) is not tuple:
            bounds = None
        found[declared.serialization_alias or attribute] = _Slot(
            attribute=attribute,
            whole=_judging(declared.annotation, declared.metadata),
            item=_judging(get_args(declared.annotation)[0], []) if bounds is not None else Record,
            bounds=bounds,
        )
    return found


def _judging(annotation: Any, metadata: list[Any]) -> type[Record]:
    """Return a model whose one field `value` is judged as *annotation* with *metadata* is."""
    declared = FieldInfo.from_annotation(annotation)
    declared.metadata += metadata
    return cast("Any", create_model)("Judged", __base__=Record, value=(annotation, declared))
