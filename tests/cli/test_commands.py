"""What each command does, and how it ends."""

from __future__ import annotations

import json
import os
from base64 import b64encode
from pathlib import Path

import pytest

from cli.conftest import BROKEN, GREET
from cli.terminal import promptspec
from promptspec.cli.commands.new import first_spec
from promptspec.fuzz.reference_images import whole


def test_check_tells_the_facts_of_a_good_spec_and_points_at_a_bad_one(greet: Path, project: Path):
    told = promptspec("check", greet).out
    assert "json_schema, because the schema fits" in told
    assert "prompt of at most" in told
    assert told.endswith("1 spec, no problems\n")
    (project / "broken.spec").write_text(BROKEN)
    seen = promptspec("check", project)
    assert seen.code == 1
    assert "error[PS301]" in seen.out
    assert "/broken.spec:6:15\n" in seen.out
    assert seen.out.endswith("1 error\n")
    assert seen.err == ""


@pytest.mark.parametrize("command", ["check", "test"])
def test_check_and_test_say_what_runs_attacks(project: Path, command: str):
    attack = """
    attack "asks to be somebody else" {
        given { name: "Eve", plan: "pro", age: 36, regular: true, tags: [] }
    }
}
"""
    path = project / "greet.spec"
    path.write_text(GREET)
    assert "attack" not in promptspec(command, path).out
    path.write_text(GREET.removesuffix("}\n") + attack)
    assert "\n1 attack: `promptspec fuzz` runs it\n" in promptspec(command, path).out
    assert "attack" not in promptspec(command, path, "--format", "json").out
    path.write_text(GREET.removesuffix("}\n") + attack.removesuffix("}\n") + attack.replace("somebody", "nobody"))
    seen = promptspec(command, path)
    assert "\n2 attacks: `promptspec fuzz` runs them\n" in seen.out
    assert seen.code == 0


@pytest.mark.parametrize("format", ["json", "sarif", "github"])
def test_check_writes_what_machines_read(broken: Path, format: str):
    seen = promptspec("check", broken, "--format", format)
    assert seen.code == 1
    if format == "json":
        assert json.loads(seen.out)[0]["code"] == "PS301"
    elif format == "sarif":
        assert json.loads(seen.out)["runs"][0]["results"][0]["ruleId"] == "PS301"
    else:
        assert seen.out.startswith("::error file=")
        assert "/broken.spec,line=6,col=15," in seen.out


def test_check_speaks_json_where_nothing_is_wrong(greet: Path):
    assert promptspec("check", greet, "--format", "json").out == "[]\n"


def test_a_path_that_does_not_exist_is_wrong_usage(project: Path):
    for command in ("check", "fmt", "test"):
        seen = promptspec(command, project / "none.spec")
        assert seen.code == 2
        assert "none.spec" in seen.err
    assert promptspec("check", project).code == 2


def test_a_new_spec_checks_clean_is_formatted_and_is_not_overwritten(project: Path):
    seen = promptspec("new", "classify_message", "--dir", project / "specs")
    path = project / "specs" / "classify_message.spec"
    assert seen.code == 0
    assert path.read_text() == first_spec("classify_message")
    assert promptspec("check", path).out.endswith("1 spec, no problems\n")
    assert promptspec("fmt", "--check", path).code == 0
    path.write_text("mine")
    assert promptspec("new", "classify_message", "--dir", project / "specs").code == 1
    assert path.read_text() == "mine"


@pytest.mark.parametrize("name", ["model", "true", "../x", "A", "a b", "", "über", "x" * 65, "\x1b[31m"])
def test_a_name_that_names_no_feature_writes_nothing(project: Path, name: str):
    seen = promptspec("new", "--dir", project, "--", name)
    assert seen.code == 2
    assert "\x1b" not in seen.err
    assert list(project.iterdir()) == []


UNTIDY = "promptspec 1\nenum Mood {funny,sad}\n"


def test_fmt_rewrites_in_place_and_keeps_the_mode(project: Path):
    path = project / "mood.spec"
    path.write_text(UNTIDY)
    path.chmod(0o640)
    seen = promptspec("fmt", "--check", project)
    assert seen.code == 1
    assert seen.out == f"differs: {path}\n"
    assert path.read_text() == UNTIDY
    assert promptspec("fmt", project).out == f"rewritten: {path}\n"
    assert path.read_text() != UNTIDY
    assert path.stat().st_mode & 0o777 == 0o640
    assert promptspec("fmt", "--check", project) == promptspec("fmt", project)
    assert [entry.name for entry in project.iterdir()] == ["mood.spec"]


def test_fmt_writes_through_a_link_and_leaves_it_a_link(project: Path):
    (project / "real").mkdir()
    real = project / "real" / "mood.spec"
    real.write_text(UNTIDY)
    link = project / "mood.spec"
    link.symlink_to(real)
    assert promptspec("fmt", link).code == 0
    assert link.is_symlink()
    assert real.read_text() != UNTIDY


def test_fmt_reads_standard_input(project: Path):
    seen = promptspec("fmt", "-", stdin=UNTIDY)
    assert seen.code == 0
    assert seen.out.startswith("promptspec 1\n\nenum Mood {")
    assert promptspec("fmt", "-", stdin=seen.out).out == seen.out
    assert promptspec("fmt", "--check", "-", stdin=seen.out).code == 0
    assert promptspec("fmt", "--check", "-", stdin=UNTIDY).code == 1


def test_fmt_leaves_what_it_cannot_read_and_goes_on(project: Path):
    (project / "a.spec").write_bytes(b"promptspec 1\n\xff\n")
    (project / "b.spec").write_text("promptspec 1\nenum {\n")
    (project / "c.spec").write_text(UNTIDY)
    seen = promptspec("fmt", project)
    assert seen.code == 1
    assert "PS107" in seen.err
    assert "b.spec:2" in seen.err
    assert (project / "a.spec").read_bytes() == b"promptspec 1\n\xff\n"
    assert (project / "c.spec").read_text() != UNTIDY
    told = json.loads(promptspec("fmt", project, "--format", "json").out)["error"]["diagnostics"]
    assert {Path(diagnostic["file"]).name for diagnostic in told} == {"a.spec", "b.spec"}


def test_fmt_does_not_wait_for_a_pipe(project: Path):
    os.mkfifo(project / "pipe.spec")
    assert promptspec("fmt", project / "pipe.spec").code == 3


def test_build_writes_modules_and_says_when_they_are_stale(greet: Path, project: Path):
    out = project / "out"
    seen = promptspec("build", greet, "--out", out)
    assert seen.code == 0
    assert f"written: {out / 'greet.py'}\n" in seen.out
    assert promptspec("build", greet, "--out", out, "--check").code == 0
    greet.write_text(GREET.replace("Greets a customer", "Greets a friend"))
    seen = promptspec("build", greet, "--out", out, "--check", "--format", "json")
    assert seen.code == 1
    assert str(out / "greet.py") in json.loads(seen.out)["stale"]


def test_build_says_how_a_feature_is_imported_that_has_the_name_of_its_module(project: Path):
    path = project / "mood.spec"
    path.write_text(GREET)
    assert "import" not in promptspec("build", path, "--out", project / "out").out
    path = path.rename(project / "greet.spec")
    seen = promptspec("build", path, "--out", project / "features")
    assert seen.out.endswith("`features.greet` is a module; its feature: `from features.greet import greet`\n")
    assert promptspec("build", path, "--out", project / "features").out == ""
    package = (project / "features" / "__init__.py").read_text()
    assert "\n    from .greet import greet\n" in package
    assert '"greet":' not in package
    told = json.loads(promptspec("build", path, "--out", project / "more", "--format", "json").out)
    assert list(told) == ["written"]


def test_build_writes_nothing_of_a_broken_spec(broken: Path, project: Path):
    seen = promptspec("build", broken, "--out", project / "out")
    assert seen.code == 1
    assert "error[PS301]" in seen.err
    assert not (project / "out").exists()


def test_test_runs_what_the_spec_promises(greet: Path):
    seen = promptspec("test", greet)
    assert seen.code == 0
    assert f'passed  {greet}:41  greet: test "a child is refused"\n' in seen.out
    greet.write_text(GREET.replace("age: 3,", "age: 30,"))
    seen = promptspec("test", greet)
    assert seen.code == 1
    assert f"FAILED  {greet}:41" in seen.out
    assert seen.out.endswith("0 passed, 1 failed\n")
    results = json.loads(promptspec("test", greet, "--format", "json").out)
    assert results[0]["passed"] is False


def test_schema_prints_what_goes_in_and_what_comes_out(greet: Path, project: Path):
    shown = json.loads(promptspec("schema", f"{greet}:greet").out)
    assert set(shown["input"]["properties"]) == {"name", "plan", "age", "mood", "regular", "since", "tags"}
    assert set(shown["output"]["properties"]) == {"text", "score"}
    assert json.loads(promptspec("schema", greet, "--input").out) == shown["input"]
    assert promptspec("schema", greet, "--input", "--wire").code == 2
    bare = project / "bare.spec"
    bare.write_text(first_spec("bare"))
    assert json.loads(promptspec("schema", bare, "--output").out)["enum"] == ["order", "complaint", "other"]
    assert "answer" in json.loads(promptspec("schema", bare, "--wire").out)["properties"]


def test_render_shows_the_messages_and_sends_nothing(greet: Path):
    seen = promptspec("render", greet, *FIELDS)
    assert seen.code == 0
    assert "── system ──\n" in seen.out
    assert "Ada" in seen.out
    messages = json.loads(promptspec("render", greet, *FIELDS, "--format", "json").out)["messages"]
    assert [message["role"] for message in messages] == ["system", "user", "assistant", "user"]


FIELDS = [
    "--field=name=Ada",
    "--field=plan=pro",
    "--field=age=36",
    "--field=regular=yes",
    "--field=tags=[]",
]


def test_run_rehearses_without_a_key_and_says_so(greet: Path):
    seen = promptspec("run", f"{greet}:greet", *FIELDS)
    assert seen.code == 0
    assert seen.out == "text: Welcome back, Ada\nscore: 0.50\n"
    assert seen.err == "OPENAI_API_KEY is not set, so the reply is rehearsed: no model was asked\n"


def test_run_gives_programs_an_exact_object(greet: Path):
    seen = promptspec("run", greet, *FIELDS, "--json")
    reply = json.loads(seen.out, parse_float=str)
    assert reply["value"] == {"text": "Welcome back, Ada", "score": "0.50"}
    assert reply["rehearsed"] is True
    assert reply["id"].startswith("r_")
    told = {"value", "rehearsed", "id", "model", "warnings", "dropped", "attempts", "judgements", "usage"}
    assert set(reply) == told


def test_run_reads_an_object_and_fields_go_over_it(greet: Path, project: Path):
    given = {"name": "Bob", "plan": "pro", "age": 3, "regular": True, "tags": ["a"]}
    seen = promptspec("run", greet, "--input", "-", "--field", "age=36", stdin=json.dumps(given))
    assert seen.code == 0
    (project / "input.json").write_text(json.dumps(given))
    seen = promptspec("run", greet, "--input", project / "input.json")
    assert seen.code == 1
    assert "is for adults" in seen.err


def test_run_reads_an_image_from_a_file(project: Path):
    see, photo = project / "see.spec", project / "a.png"
    see.write_text(
        'promptspec 1\n\nfeature see {\n    model "gpt-5.6-luna"\n    caller anyone\n'
        "    input {\n        photo: image(..1mb)\n    }\n    output bool\n}\n"
    )
    assert (
        "words in images are data, and nothing checks that it keeps to it (persuasion)" in promptspec("check", see).out
    )
    photo.write_bytes(whole()[0])
    assert promptspec("run", see, "--field", f"photo=@{photo}").code == 0
    (project / "input.json").write_text(json.dumps({"photo": b64encode(whole()[0]).decode()}))
    assert promptspec("run", see, "--input", project / "input.json").code == 0
    photo.write_text("a note")
    seen = promptspec("run", see, "--field", f"photo=@{photo}")
    assert seen.code == 1
    assert "input.photo: must be a PNG, JPEG or WebP image" in seen.err
    seen = promptspec("run", see, "--field", "photo=@gone.png")
    assert seen.code == 3
    assert "there is no file `gone.png`" in seen.err


def test_run_tells_every_violation_with_its_path_and_rule(greet: Path):
    seen = promptspec("run", greet, "--field=name=", "--field=plan=gold", "--field=age=old", "--field=regular=x")
    assert seen.code == 1
    assert seen.err.startswith("error: the input was refused\n  input.name: ")
    for path in ("input.name", "input.plan", "input.age", "input.regular", "input.tags"):
        assert f"\n  {path}: " in seen.err
    assert "gold" not in seen.err
    told = json.loads(promptspec("run", greet, "--field=age=old", "--json").out)["error"]
    assert told["code"] == "input_refused"
    assert {"path", "rule", "message"} == set(told["violations"][0])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--field", "nme=x"], "did you mean `name`?"),
        (["--field", "name"], "has no value"),
        (["--field", "name=a", "--field", "name=b"], "given twice"),
        (["--field", "tags=[1"], "takes JSON"),
        (["--input", "-"], "standard input holds no input"),
        (["--caller", "boss:1"], "the levels are"),
        (["--caller", "signed_in"], "has an id"),
    ],
)
def test_wrong_arguments_are_wrong_usage(greet: Path, arguments: list[str], words: str):
    seen = promptspec("run", greet, *arguments, stdin="[]")
    assert seen.code == 2
    assert words in seen.err


def test_the_feature_may_be_left_out_where_there_is_one(greet: Path, project: Path):
    assert promptspec("run", f"{greet}:gret", *FIELDS).err.endswith("did you mean `greet`?\n")
    assert promptspec("run", project).code == 2
    assert promptspec("run", f"{project / 'none.spec'}:greet").code == 2
    odd = project / "a:b.spec"
    odd.write_text(GREET)
    assert promptspec("run", odd, *FIELDS).code == 0


def test_run_shows_what_is_wrong_with_a_broken_spec(broken: Path):
    seen = promptspec("run", broken)
    assert seen.code == 1
    assert "error[PS301]" in seen.err
    assert json.loads(promptspec("run", broken, "--json").out)["error"]["diagnostics"][0]["code"] == "PS301"


def test_a_model_that_is_asked_for_by_name_is_not_rehearsed(greet: Path):
    seen = promptspec("run", greet, *FIELDS, "--model", "gpt-x")
    assert seen.code == 3
    assert seen.err == "error: `gpt-x` cannot be asked: OPENAI_API_KEY is not set\n"


def test_explain_knows_every_spelling_of_a_code_and_offers_a_near_one():
    for spelling in ("PS301", "ps301", "301"):
        assert promptspec("explain", spelling).out.startswith("# PS301")
    assert json.loads(promptspec("explain", "PS402", "--format", "json").out)["severity"] == "warning"
    seen = promptspec("explain", "PS3011")
    assert seen.code == 2
    assert "did you mean" in seen.err


def test_features_of_the_specs_that_a_spec_uses_are_not_its_own(greet: Path, project: Path):
    house = project / "house.spec"
    house.write_text(first_spec("classify_message"))
    greet.write_text(GREET.replace("promptspec 1\n", 'promptspec 1\n\nuse Intent from "house.spec"\n', 1))
    seen = promptspec("run", greet, *FIELDS)
    assert (seen.code, seen.out) == (0, "text: Welcome back, Ada\nscore: 0.50\n")
    assert promptspec("run", f"{greet}:classify_message").code == 2


def test_files_are_named_as_seen_from_the_working_folder(broken: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(broken.parent.parent)
    assert f" --> {broken.parent.name}/broken.spec:6:15\n" in promptspec("check", broken).out


def test_a_new_spec_checks_clean_whatever_its_name(project: Path):
    for name in ("intent", "intent_output", "answer", "message"):
        promptspec("new", name, "--dir", project / "specs")
        assert promptspec("check", project / "specs" / f"{name}.spec").code == 0, name


def test_run_tells_of_items_that_were_left_out(project: Path):
    spec = project / "short.spec"
    spec.write_text(
        "promptspec 1\n\nfeature short {\n    model rehearsed\n    input { note: line(1..9) }\n"
        '    output list(1..2) of int(1..2)\n    ensure all n in output: n < 2 or note == "a" else drop "is two"\n'
        "    caller anyone\n}\n\nmodel rehearsed = rehearsal()\n"
    )
    for note in ("a", "b"):
        reply = json.loads(promptspec("run", spec, f"--field=note={note}", "--json").out)
        assert all(item["rule"] == "ensure_1" for item in reply["dropped"])
        assert note == "a" or 2 not in reply["value"]
