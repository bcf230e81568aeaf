"""What a generated class says of a feature, and what a call asks of it."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, cast

from promptspec.errors import CallFailed, Violation
from promptspec.ports import World
from promptspec.runtime.asking import Examples, encode_examples
from promptspec.runtime.context import BUILT, Context
from promptspec.runtime.drafts import Draft
from promptspec.runtime.dropping import Drops
from promptspec.runtime.host import HOST
from promptspec.runtime.opinions import Judged
from promptspec.runtime.plan import ByServer, Embedding, Example, OpenAI, Plan, Rehearsal
from promptspec.runtime.records import Row
from promptspec.runtime.replies import Guarantees
from promptspec.runtime.shortlists import Shortlist
from promptspec.runtime.toning import Tone
from promptspec.safety.callers import example_caller
from promptspec.safety.counters import Counters, MemoryCounters
from promptspec.values.reading import read_json

if TYPE_CHECKING:
    from promptspec.contract.feature import Feature as FeatureContract
    from promptspec.contract.feature import Module
    from promptspec.models.port import Model
    from promptspec.runtime.sources import Source


class Written:
    """One LLM feature as its module was written. Generated classes say what it asks and what must hold."""

    plan: ClassVar[Plan]
    tone: ClassVar[tuple[Tone, ...]] = ()
    judged: ClassVar[tuple[Judged, ...]] = ()

    # What a generated class writes

    if TYPE_CHECKING:
        # Each generated class has it; there is no feature without a prompt.

        def write_prompt(self, x: Any, out: Draft, today: date) -> None:
            """Add the messages for the input *x* to *out*."""
            ...

    def broken_requires(self, x: Any, caller: Any, today: date) -> Iterator[Violation]:
        """Yield what the input *x* breaks of the conditions on rows and the `require` clauses."""
        return iter(())

    def find_shortlists(self, x: Any, caller: Any, today: date) -> Iterator[Shortlist[Any]]:
        """Yield the shortlists of the input *x*."""
        return iter(())

    def broken_rows(self, x: Any, y: Any, today: date) -> Iterator[Violation]:
        """Yield what the reply *y* to the input *x* breaks of the conditions on rows."""
        return iter(())

    def drop_failing(self, x: Any, y: Any, out: Drops, today: date) -> Any:
        """Return the reply *y* without the items that fail an `ensure … else drop`; *out* is told of them."""
        return y

    def broken_ensures(self, x: Any, y: Any, today: date) -> Iterator[Violation]:
        """Yield what the reply *y* to the input *x* breaks of the `ensure` clauses."""
        return iter(())

    def must_be_reviewed(self, x: Any, y: Any, today: date) -> bool:
        """Say whether a person must decide on the reply *y* to the input *x*."""
        return False

    # What it is

    @cached_property
    def told_as(self) -> str:
        """What this feature is called in the ledger: the file of its spec and its name."""
        return f"{self.module_contract.file}:{self.plan.name}"

    @property
    def limitations(self) -> str:
        """What the spec says that this feature cannot do."""
        return self.plan.limitations

    @cached_property
    def no_stream(self) -> str | None:
        """Why replies cannot be shown before they are whole, with the line of the spec; None where they can."""
        reason = self.contract.no_stream
        return None if reason is None else f"{reason.because} ({reason.origin.file} line {reason.origin.line})"

    @cached_property
    def module_contract(self) -> Module:
        """The contract of the module that this feature stands in, read from the file beside it."""
        from promptspec.contract.encoding import decode

        return decode(self._beside(".contract.json"))

    @cached_property
    def contract(self) -> FeatureContract:
        """The checked form of this feature."""
        return next(f for f in self.module_contract.features if f.name == self.plan.name)

    @cached_property
    def input_schema(self) -> dict[str, Any]:
        """The JSON Schema of the input, as a form or another program would send it."""
        return cast("dict[str, Any]", cast("dict[str, Any]", read_json(self._beside(".schemas.json")))[self.plan.name])

    @cached_property
    def output_schema(self) -> dict[str, Any]:
        """The JSON Schema of what travels: the reply as the model must write it."""
        return cast("dict[str, Any]", read_json(self.plan.schema))

    def _beside(self, suffix: str) -> str:
        """Return the file that `build` writes beside the module under *suffix*."""
        from pathlib import Path

        path = sys.modules[self.plan.module].__file__
        if path is None:
            raise CallFailed(f"the module of `{self.plan.name}` has no file to look beside")
        return Path(path).with_suffix(suffix).read_text(encoding="utf-8")

    # What a call asks of it

    @property
    def identity(self) -> tuple[str, str]:
        """The module and the name, under which an override is found."""
        return (self.plan.module, self.plan.name)

    def models(self, world: World) -> tuple[Model, ...]:
        """Return what a call asks, in order; a rehearsal is nothing to ask."""
        if world is HOST:
            return self.host_models
        return tuple(plan.connect(world) for plan in self.plan.models if not isinstance(plan, Rehearsal))

    @cached_property
    def host_models(self) -> tuple[Model, ...]:
        """The models of this process, made once, so that their connections are reused."""
        return tuple(plan.connect(HOST) for plan in self.plan.models if not isinstance(plan, Rehearsal))

    def judges(self, world: World) -> tuple[Model, ...]:
        """Return who is asked to judge replies, in order."""
        return self.host_judges if world is HOST else tuple(judge.connect(world) for judge in self.plan.judges)

    @cached_property
    def host_judges(self) -> tuple[Model, ...]:
        """The judges of this process, made once."""
        return tuple(judge.connect(HOST) for judge in self.plan.judges)

    def moderator(self, by: ByServer, world: World) -> Model:
        """Return who is asked for a server's moderation."""
        if world is not HOST:
            return by.connect(world)
        found = self.host_moderators.get(by)
        return found if found is not None else self.host_moderators.setdefault(by, by.connect(HOST))

    @cached_property
    def host_moderators(self) -> dict[ByServer, Model]:
        """The moderators of this process, each made once."""
        return {}

    def embedder(self, by: Embedding, world: World) -> Model:
        """Return who is asked for vectors."""
        if world is not HOST:
            return by.connect(world)
        found = self.host_embedders.get(by.model)
        return found if found is not None else self.host_embedders.setdefault(by.model, by.connect(HOST))

    @cached_property
    def host_embedders(self) -> dict[OpenAI, Model]:
        """The models of embeddings of this process, each made once."""
        return {}

    @cached_property
    def moderates_inline(self) -> str | None:
        """The model that moderates beside each answer: OpenAI's own, where all models of the feature are at OpenAI."""
        from promptspec.models.servers import SERVERS

        for moderation in self.plan.moderations:
            by = moderation.by
            if isinstance(by, ByServer) and by.may_stand_beside:
                models = [plan for plan in self.plan.models if not isinstance(plan, Rehearsal)]
                if all(m.base_url is None and SERVERS[m.server].moderates_inline for m in models):
                    return by.model.name
        return None

    @cached_property
    def rehearsed_counters(self) -> Counters:
        """What limits across calls are counted by while this feature rehearses, in this process."""
        return MemoryCounters()

    @cached_property
    def changing(self) -> tuple[Source[Any], ...]:
        """The sources of this feature that are renewed while the application runs."""
        return tuple(source for source in self.plan.sources if source.live is not None)

    @cached_property
    def example_messages(self) -> Examples:
        """The static pairs of the request, encoded once a process."""
        return encode_examples(self.plan, self.write_prompt, self.example_shortlists, self.example_replies)

    @cached_property
    def example_shortlists(self) -> tuple[Mapping[str, tuple[Row, ...]], ...]:
        """The shortlists of each example. They follow from its input and the snapshot, so that pairs stay the same."""
        return tuple(map(self._shortlists_of, self.plan.examples))

    def _shortlists_of(self, example: Example) -> Mapping[str, tuple[Row, ...]]:
        if not self.plan.finds:
            return {}
        today = example.today or HOST.clock.today()
        given = self.plan.input.model_validate(
            example.given, context=Context(direction="input", today=today, pins=BUILT)
        )
        caller = example_caller(self.plan.caller)
        made = tuple(self.find_shortlists(given, caller, today))
        if not self.plan.embeddings:
            return {each.name: each.rows(BUILT) for each in made}
        from promptspec.runtime.nearest import stand_in_for

        near = stand_in_for(made, self.plan)  # so that examples are the same on every machine, and cost no request
        return {each.name: each.rows(BUILT, near.get(each.name)) for each in made}

    @cached_property
    def example_replies(self) -> tuple[str, ...]:
        """The reply of each example as the wire has it, what it chooses from a shortlist as a position in that."""
        if not self.plan.finds:
            return tuple(example.reply for example in self.plan.examples)
        from promptspec.contract.wire_value import wire_value, with_shortlists
        from promptspec.runtime.plain_values import keys_in

        return tuple(
            wire_value(
                self.module_contract,
                self.contract,
                example.returns,
                with_shortlists(example.given, keys_in(shortlists)),
            )
            for example, shortlists in zip(self.contract.examples, self.example_shortlists, strict=True)
        )

    @cached_property
    def guarantees(self) -> Guarantees:
        """What replies of this process are judged by."""
        return Guarantees(roles="by the request" if self.guarded_roles else "by the server")

    @cached_property
    def only_rehearses(self) -> bool:
        """Whether the spec names no model that could be asked."""
        return all(isinstance(plan, Rehearsal) for plan in self.plan.models)

    @cached_property
    def guarded_judges(self) -> bool:
        """Whether every judge's server is known to treat content as plain text (rule 7)."""
        from promptspec.models.servers import SERVERS

        return all(SERVERS[judge.model.server].claims_roles for judge in self.plan.judges)

    @cached_property
    def guarded_roles(self) -> bool:
        """Whether every server is known to treat content as plain text (rule 7)."""
        from promptspec.models.servers import SERVERS

        return all(SERVERS[plan.server].claims_roles for plan in self.plan.models if not isinstance(plan, Rehearsal))
