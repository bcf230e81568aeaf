"""What a web framework does with the models of a feature: describe them, look at a reply again, write it as JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import promptspec
from promptspec import Verified
from promptspec.runtime.overrides import Rehearse
from promptspec.trials.plain import written

SPECS = Path(__file__).resolve().parents[2] / "specs"
NAMES = sorted(path.stem for path in SPECS.glob("*.spec") if path.stem != "house")


@pytest.fixture
def feature(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PROMPTSPEC_CACHE", str(tmp_path_factory.getbasetemp() / "web"))
    return promptspec.load(SPECS / f"{request.param}.spec").features[request.param]


@pytest.mark.parametrize("feature", NAMES, indirect=True)
def test_models_have_json_schemas_in_both_directions(feature: Any):
    for model in (feature.plan.input, feature.plan.output):
        for mode in ("validation", "serialization"):
            jsonschema.Draft202012Validator.check_schema(model.model_json_schema(mode=mode))


@pytest.mark.parametrize("feature", NAMES, indirect=True)
def test_a_delivered_reply_is_accepted_again_and_its_json_is_as_described(feature: Any):
    example = feature.contract.examples[0]
    with feature.override(model=Rehearse()):
        value = feature.call_fields(written(example.given), caller=Verified("a-test")).value
    model = feature.plan.output
    if feature.plan.bare:
        value = model.model_construct(answer=value)
    assert model.model_validate(value) == value
    jsonschema.validate(json.loads(value.model_dump_json()), model.model_json_schema(mode="serialization"))


def test_a_record_in_a_fence_has_the_names_of_the_spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PROMPTSPEC_CACHE", str(tmp_path / "cache"))
    spec = tmp_path / "go.spec"
    spec.write_text(
        "promptspec 1\n"
        "record Route { from: line(1..20) }\n"
        'feature go { model "m"\n input { route: Route }\n output bool\n prompt { user "{{ route }}" } }\n'
    )
    rendered = promptspec.load(spec).go.render_fields({"route": {"from": "Oslo"}})
    assert '{"from": "Oslo"}' in rendered.messages[-1].content
