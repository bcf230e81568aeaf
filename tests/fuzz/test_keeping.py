"""What Hypothesis keeps: whole or not at all, and a disk that takes nothing is told of once."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from promptspec.fuzz.keeping import Kept, Part, notes_of_hypothesis


@given(st.dictionaries(st.binary(max_size=3), st.lists(st.binary(), max_size=4), max_size=3))
def test_values_come_back_under_their_keys(values: dict[bytes, list[bytes]]) -> None:
    from tempfile import TemporaryDirectory

    notes: list[str] = []
    with TemporaryDirectory() as folder:
        kept = Kept(Path(folder) / "a" / "b", notes)
        for key, those in values.items():
            for value in those:
                kept.save(key, value)
        for key, those in values.items():
            assert set(kept.fetch(key)) == set(those)
        for key, those in values.items():
            for value in those[:1]:
                kept.delete(key, value)
                kept.delete(key, value)
            assert set(kept.fetch(key)) == set(those) - set(those[:1])
    assert notes == []


def test_no_draft_stays_and_version_control_looks_away(tmp_path: Path) -> None:
    Kept(tmp_path, []).save(b"key", b"value")
    assert sorted(path.suffix for path in tmp_path.rglob("*") if path.is_file()) == ["", ".case"]
    assert (tmp_path / ".gitignore").read_text() == "*\n"


def test_a_disk_that_takes_nothing_is_told_of_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    notes: list[str] = []
    kept = Kept(tmp_path / "file" / "examples", notes)
    for value in (b"1", b"2"):
        kept.save(b"key", value)
        kept.delete(b"key", value)
    assert list(kept.fetch(b"key")) == []
    assert notes == ["cases cannot be kept for the next run: Not a directory"]


def test_parts_are_apart(tmp_path: Path) -> None:
    kept = Kept(tmp_path, [])
    one, two = Part(kept, "one"), Part(kept, "two \ud800")
    one.save(b"key", b"1")
    two.save(b"key", b"2")
    two.delete(b"key", b"1")
    assert (list(one.fetch(b"key")), list(two.fetch(b"key"))) == ([b"1"], [b"2"])


def test_notes_of_hypothesis_go_where_they_are_told_to(tmp_path: Path) -> None:
    from hypothesis.configuration import storage_directory

    with notes_of_hypothesis(tmp_path):
        assert storage_directory("x").path == tmp_path / "x"
    assert storage_directory("x").path != tmp_path / "x"
