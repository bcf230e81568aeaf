"""A model that says what it was told to say, for tests of features."""

from __future__ import annotations

from promptspec.models.port import Answer, Ask, Unavailable, Usage


class Scripted:
    """Answers with *items* in turn: a text is an answer, an exception is raised.

    *asked* holds what it was asked. When nothing is left it is unavailable, so that a call more than expected shows.
    """

    def __init__(self, *items: str | Exception, name: str = "scripted") -> None:
        self._items = list(items)
        self._name = name
        self.asked: list[Ask] = []

    @property
    def name(self) -> str:
        """The name given."""
        return self._name

    async def ask(self, ask: Ask, *, seconds: float) -> Answer:
        """Return the next text as an answer, or raise the next exception."""
        self.asked.append(ask)
        if not self._items:
            raise Unavailable(f"{self._name} has no replies left", again=False)
        item = self._items.pop(0)
        if isinstance(item, Exception):
            raise item
        return Answer(text=item, model=self._name, usage=Usage())
