"""What OpenTelemetry is told of calls: which, how long, how many tokens, what failed; and never a text or a caller."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from codegen.specs import write_spec
from promptspec import flags, verdicts
from promptspec.errors import (
    CallerRefused,
    CallFailed,
    InputRefused,
    ModelUnavailable,
    Moderated,
    PromptspecError,
    ReplyRefused,
    Unjudged,
)
from promptspec.loading import load
from promptspec.models.port import Answer, Ask, Finding, Unavailable, Usage
from promptspec.runtime.feature import Feature
from promptspec.runtime.overrides import replies
from promptspec.safety.callers import ID_KEY, Session
from runtime.shop import world

SPEC = """\
promptspec 1

model guard = openai("guard-2") {
    base_url "http://127.0.0.1:8080/v1"
    server other
}
model small = openai("gpt-5.6-nano")

feature answer {
    model "gpt-5.6-luna"
    judge by small
    input { question: text(1..500) }
    output { title: line(..80)  points: list(..3) of text(1..200) }
    tone { judge "polite to an upset reader" 0.8 }
    moderate input, output with guard
    moderate output with python("forum_safety:judge")
    limits { time 5s  retries 1  reply 300 tokens }
}

## Has a stream.
feature tell {
    model "gpt-5.6-luna"
    input { question: text(1..500) }
    output text(1..400)
    limits { retries 1 }
}

## Has a function look at its replies.
feature say {
    model "gpt-5.6-luna"
    input { question: text(1..500) }
    output text(1..400)
    moderate output with python("forum_safety:judge")
}
"""
QUESTION = "Where is the parcel with the zebra lamp?"
ID = "somebody-4711"
SECRET = "sk-a-very-secret-key"
GOOD = json.dumps({"title": "About your ocelot", "points": ["It comes on Monday with the walrus."]})
FOREIGN = (QUESTION, "zebra", ID, SECRET, "s" * 32, "ocelot", "walrus", "polite")
CALL, CHAT = "invoke_workflow answer", "chat gpt-5.6-luna"


class Exported:
    """What the application's providers would send away."""

    def __init__(self) -> None:
        self.exporter = InMemorySpanExporter()
        self.tracers = TracerProvider()
        self.tracers.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.reader = InMemoryMetricReader()
        self.meters = MeterProvider([self.reader])

    @property
    def finished(self) -> tuple[Any, ...]:
        return self.exporter.get_finished_spans()

    @property
    def spans(self) -> dict[str, Any]:
        """The spans by their names, the last of each."""
        return {span.name: span for span in self.finished}

    def points(self, name: str) -> list[Any]:
        data = self.reader.get_metrics_data()
        return [
            point
            for resource in (data.resource_metrics if data else ())
            for scope in resource.scope_metrics
            for metric in scope.metrics
            if metric.name == name
            for point in metric.data.data_points
        ]

    def everything(self) -> str:
        data = self.reader.get_metrics_data()
        return "\n".join(
            [span.to_json() for span in self.exporter.get_finished_spans()] + [data.to_json() if data else ""]
        )


@pytest.fixture
def exported(monkeypatch: pytest.MonkeyPatch) -> Exported:
    made = Exported()
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: made.tracers)
    monkeypatch.setattr(metrics, "get_meter_provider", lambda: made.meters)
    return made


@pytest.fixture(scope="module")
def features(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Feature[Any]]]:
    folder = tmp_path_factory.mktemp("told")
    settings = '[tool.promptspec]\nhosts = ["127.0.0.1:8080"]\nfunctions = ["forum_safety:judge"]\n'
    (folder / "pyproject.toml").write_text(settings)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PROMPTSPEC_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield load(write_spec(folder, SPEC)).features


class Model:
    """Answers with *items* in turn, each by 7 tokens of 120."""

    def __init__(self, name: str, *items: str | Exception, provider: str = "openai") -> None:
        self.name = name
        self.provider = provider
        self._items = list(items)

    async def ask(self, ask: Ask, *, seconds: float) -> Answer:
        item = self._items.pop(0)
        if isinstance(item, Exception):
            raise item
        found = tuple(Finding(flagged=False, categories={"hate": False}, scores={}) for _ in ask.looked_at)
        return Answer(text=item, model=self.name, usage=Usage(input_tokens=120, output_tokens=7), found=found)


def called(feature: Feature[Any], *items: str | Exception, judge: str = '{"s1":0.9}', **fields: Any) -> Any:
    """Call *feature* where a model, a judge and moderators answer over the wire."""
    environment = {ID_KEY: "k1:" + "s" * 32, "OPENAI_API_KEY": SECRET}
    with feature.override(
        model=Model("gpt-5.6-luna", *items),
        judge=Model("gpt-5.6-nano", judge),
        moderator=Model("guard-2", *[""] * 9, provider="other"),
        world=world(environment=environment),
    ):
        return feature.call_fields({"question": QUESTION} | fields, caller=Session(ID))


def test_a_call_is_a_span_and_each_request_a_child_of_it(features: Any, exported: Exported) -> None:
    called(features["answer"], GOOD)
    spans = exported.spans
    assert set(spans) == {CALL, CHAT, "chat gpt-5.6-nano", "moderate guard-2"}
    parent = spans[CALL].get_span_context()
    assert parent is not None
    assert {name for name, span in spans.items() if span.parent and span.parent.span_id == parent.span_id} == {
        CHAT,
        "chat gpt-5.6-nano",
        "moderate guard-2",
    }
    assert dict(spans[CALL].attributes) == {
        "gen_ai.operation.name": "invoke_workflow",
        "gen_ai.workflow.name": "answer",
    }
    assert dict(spans[CHAT].attributes) == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-5.6-luna",
        "gen_ai.response.model": "gpt-5.6-luna",
        "gen_ai.request.max_tokens": 300,
        "gen_ai.usage.input_tokens": 120,
        "gen_ai.usage.output_tokens": 7,
        "promptspec.purpose": "reply",
    }
    assert spans["chat gpt-5.6-nano"].attributes["promptspec.purpose"] == "judge"
    assert spans["moderate guard-2"].attributes["gen_ai.operation.name"] == "moderate"
    assert spans[CHAT].kind is trace.SpanKind.CLIENT
    assert spans[CHAT].instrumentation_scope.schema_url == "https://opentelemetry.io/schemas/1.41.0"


def test_a_call_stands_below_the_span_of_the_application_in_threads_and_tasks(
    features: Any, exported: Exported
) -> None:
    tracer = exported.tracers.get_tracer("shop")
    with tracer.start_as_current_span("request") as outer:
        called(features["answer"], GOOD)

        async def within() -> None:
            called(features["answer"], GOOD)

        asyncio.run(within())
    assert {span.get_span_context().trace_id for span in exported.finished} == {outer.get_span_context().trace_id}
    assert len(exported.finished) == 2 * 6 + 1


def test_tokens_and_durations_are_measured_for_each_request(features: Any, exported: Exported) -> None:
    called(features["answer"], Unavailable("busy", again=True, status=503, after=0.0), GOOD)
    durations = {
        (point.attributes["gen_ai.request.model"], point.attributes.get("error.type", "")): point.count
        for point in exported.points("gen_ai.client.operation.duration")
    }
    assert durations == {
        ("gpt-5.6-luna", "model_unavailable"): 1,
        ("gpt-5.6-luna", ""): 1,
        ("gpt-5.6-nano", ""): 1,
        ("guard-2", ""): 3,
    }
    tokens = {
        (point.attributes["gen_ai.request.model"], point.attributes["gen_ai.token.type"]): point.sum
        for point in exported.points("gen_ai.client.token.usage")
    }
    assert tokens[("gpt-5.6-luna", "input")] == 120
    assert tokens[("gpt-5.6-nano", "output")] == 7
    (bounds,) = {tuple(point.explicit_bounds) for point in exported.points("gen_ai.client.token.usage")}
    assert bounds[:4] == (1, 4, 16, 64)
    assert [point.count for point in exported.points("promptspec.call.duration")] == [1]
    statuses = [span.attributes.get("http.response.status_code") for span in exported.finished]
    assert statuses.count(503) == 1


@pytest.mark.parametrize(
    ("items", "fields", "error"),
    [
        ((), {"question": ""}, InputRefused),
        ((GOOD.replace("walrus", "walrus " * 90),) * 2, {}, ReplyRefused),
        ((Unavailable("no", again=False, status=401),), {}, ModelUnavailable),
        ((RuntimeError(QUESTION),), {}, CallFailed),
        ((ReplyRefused([]),), {}, ReplyRefused),
    ],
    ids=["input", "reply", "unavailable", "bug", "refusal"],
)
def test_a_refusal_is_told_by_its_code(
    features: Any, exported: Exported, items: tuple[Any, ...], fields: Any, error: type[PromptspecError]
) -> None:
    with pytest.raises(error):
        called(features["answer"], *items, **fields)
    span = exported.spans[CALL]
    assert span.attributes["error.type"] == error.code
    assert (span.status.status_code, span.status.description) == (trace.StatusCode.ERROR, None)
    assert not [each.events for each in exported.finished if each.events]
    (point,) = exported.points("promptspec.call.refusals")
    assert (dict(point.attributes), point.value) == ({"gen_ai.workflow.name": "answer", "error.type": error.code}, 1)
    assert not [text for text in FOREIGN if text in exported.everything()]


def test_broken_rules_are_told_by_their_names(features: Any, exported: Exported) -> None:
    with pytest.raises(InputRefused):
        called(features["answer"], question="")
    assert exported.spans[CALL].attributes["promptspec.rules"] == ("too_short",)


@pytest.mark.parametrize(
    ("stand_ins", "error"),
    [({"judge": verdicts(None)}, Unjudged), ({"moderator": flags(output=True)}, Moderated)],
    ids=["unjudged", "flagged"],
)
def test_judges_and_moderators_refuse_by_their_codes(
    features: Any, exported: Exported, stand_ins: Any, error: type[PromptspecError]
) -> None:
    feature = features["answer"]
    with feature.override(model=replies(json.loads(GOOD)), **stand_ins), pytest.raises(error):
        feature.call_fields({"question": QUESTION}, caller=Session(ID))
    assert exported.spans[CALL].attributes["error.type"] == error.code


def test_a_caller_who_is_refused_is_told_of_by_code_alone(features: Any, exported: Exported) -> None:
    with pytest.raises(CallerRefused):
        features["answer"].call_fields({"question": QUESTION})
    assert exported.spans[CALL].attributes["error.type"] == "caller_refused"


def test_nothing_that_is_exported_holds_a_text_a_caller_or_a_secret(features: Any, exported: Exported) -> None:
    called(features["answer"], GOOD)
    assert QUESTION not in exported.everything()
    assert not [text for text in FOREIGN if text in exported.everything()]


def test_a_name_of_a_model_that_is_none_is_left_out(features: Any, exported: Exported) -> None:
    class Odd(Model):
        async def ask(self, ask: Ask, *, seconds: float) -> Answer:
            return Answer(text='{"answer":"Fine."}', model=f"as you said: {QUESTION}", usage=Usage())

    feature = features["tell"]
    with feature.override(model=Odd("gpt-5.6-luna"), world=world(environment={ID_KEY: "k1:" + "s" * 32})):
        feature.call_fields({"question": QUESTION}, caller=Session(ID))
    assert "gen_ai.response.model" not in exported.spans[CHAT].attributes
    assert "gen_ai.usage.input_tokens" not in exported.spans[CHAT].attributes
    assert QUESTION not in exported.everything()


def test_a_stream_is_one_span_from_its_first_step_to_its_end(features: Any, exported: Exported) -> None:
    feature = features["tell"]
    text = '{"answer":"It comes. On Monday."}'
    with feature.override(model=Model("gpt-5.6-luna", text), world=world(environment={ID_KEY: "k1:" + "s" * 32})):
        pieces = list(feature.stream_fields({"question": QUESTION}, caller=Session(ID)))
    assert len(pieces) == 2
    spans = exported.spans
    chat = spans[CHAT]
    context = spans["invoke_workflow tell"].get_span_context()
    assert chat.parent is not None
    assert context is not None
    assert chat.parent.span_id == context.span_id
    assert "error.type" not in spans["invoke_workflow tell"].attributes


def test_a_stream_that_is_refused_at_its_beginning_or_left_early_is_told(features: Any, exported: Exported) -> None:
    feature = features["tell"]
    with feature.override(model=replies("Fine.")), pytest.raises(InputRefused):
        feature.stream_fields({"question": ""}, caller=Session(ID))
    assert exported.spans["invoke_workflow tell"].attributes["error.type"] == "input_refused"
    exported.exporter.clear()
    text = '{"answer":"It comes. On Monday."}'
    keyed = world(environment={ID_KEY: "k1:" + "s" * 32})
    with (
        feature.override(model=Model("gpt-5.6-luna", text), world=keyed),
        feature.stream_fields({"question": QUESTION}, caller=Session(ID)) as stream,
    ):
        next(stream)
    assert "error.type" not in exported.spans["invoke_workflow tell"].attributes
    assert [point.value for point in exported.points("promptspec.call.refusals")] == [1]


@pytest.mark.parametrize(("found", "code"), [(False, None), (QUESTION, "moderated")], ids=["clean", "no answer"])
def test_a_function_that_moderates_is_a_child_too(
    features: Any, exported: Exported, monkeypatch: pytest.MonkeyPatch, found: object, code: str | None
) -> None:
    module = ModuleType("forum_safety")

    def judge(_texts: tuple[str, ...]) -> object:
        return found

    monkeypatch.setattr(module, "judge", judge, raising=False)
    monkeypatch.setitem(sys.modules, "forum_safety", module)
    feature, model = features["say"], Model("gpt-5.6-luna", '{"answer":"Fine."}')
    with feature.override(model=model, world=world(environment={ID_KEY: "k1:" + "s" * 32})), suppress(Moderated):
        feature.call_fields({"question": QUESTION}, caller=Session(ID))
    span = exported.spans["moderate forum_safety:judge"]
    call = exported.spans["invoke_workflow say"].get_span_context()
    assert span.parent is not None
    assert call is not None
    assert span.parent.span_id == call.span_id
    assert span.attributes.get("error.type") == code
    assert QUESTION not in exported.everything()


def test_calls_at_one_time_keep_their_requests_apart(features: Any, exported: Exported) -> None:
    feature = features["tell"]
    items = ['{"answer":"Fine."}'] * 8
    with feature.override(model=Model("gpt-5.6-luna", *items), world=world(environment={ID_KEY: "k1:" + "s" * 32})):
        feature.many([{"question": QUESTION}] * 8, caller=Session(ID))
    spans = exported.finished
    calls = {span.get_span_context().span_id for span in spans if span.name == "invoke_workflow tell"}
    assert len(calls) == 8
    assert {span.parent.span_id for span in spans if span.name == CHAT and span.parent} == calls


class Broken(SpanProcessor):
    def on_start(self, span: Any, parent_context: Any = None) -> None:
        raise RuntimeError("the application's own fault")


def test_telemetry_that_fails_fails_no_call(
    features: Any, exported: Exported, caplog: pytest.LogCaptureFixture
) -> None:
    exported.tracers.add_span_processor(Broken())
    assert called(features["answer"], GOOD).value.title == "About your ocelot"
    assert "telemetry failed: RuntimeError" in caplog.text


def test_where_nothing_is_set_up_a_call_tells_nothing(features: Any) -> None:
    assert called(features["answer"], GOOD).value.title == "About your ocelot"


ALONE = """
import sys
from promptspec.loading import load
feature = load(sys.argv[1]).features["tell"]
from promptspec import Session, replies
with feature.override(model=replies("Fine.")):
    feature(question="Where?", caller=Session("4f1c"))
print([name for name in sys.modules if name.startswith("opentelemetry")])
"""
SET_UP = """
import sys
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor
from promptspec.loading import load
feature = load(sys.argv[1]).features["tell"]
from promptspec import Session, replies
with feature.override(model=replies("Fine.")):
    feature(question="Where?", caller=Session("4f1c"))
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(ConsoleSpanExporter(formatter=lambda span: span.name + chr(10))))
    trace.set_tracer_provider(provider)
    feature(question="Where?", caller=Session("4f1c"))
"""


def run(code: str, folder: Path) -> str:
    (folder / "pyproject.toml").write_text(
        '[tool.promptspec]\nhosts = ["127.0.0.1:8080"]\nfunctions = ["forum_safety:judge"]\n'
    )
    path = write_spec(folder, SPEC)
    environment = os.environ | {"PROMPTSPEC_CACHE": str(folder / "cache"), "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_an_application_without_opentelemetry_imports_nothing_of_it(tmp_path: Path) -> None:
    assert run(ALONE, tmp_path) == "[]"


def test_an_application_may_set_it_up_after_the_first_call(tmp_path: Path) -> None:
    assert run(SET_UP, tmp_path) == "invoke_workflow tell"
