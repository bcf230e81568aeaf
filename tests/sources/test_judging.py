"""Files larger than memory should hold: judged and built row by row, with the same answers as small ones."""

from __future__ import annotations

import gc
import io
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from promptspec.sources import judging
from promptspec.sources.building import OtherContent, build_snapshot
from promptspec.sources.judging import judge_file
from promptspec.sources.layout import Layout
from promptspec.sources.load import load_rows
from promptspec.sources.snapshot import open_snapshot, verify_snapshot
from sources.described import films

LAYOUT = Layout(names=("id", "title"), kinds=("text", "text"), key=0, label=1)


@pytest.fixture
def small_memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr(judging, "MOST_IN_MEMORY", 100)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def lines(*keys: object) -> bytes:
    return b"id,title\n" + "".join(f"{key},Film {key}\n" for key in keys).encode()


@pytest.mark.parametrize("count", [1, 99, 100, 101, 1_000])
def test_large_files_are_judged_as_small_ones(small_memory: Path, count: int) -> None:
    data = lines(*range(count))
    loaded = load_rows(films(), data)
    judged = judge_file(films(), io.BytesIO(data))
    assert (judged.problem_count, judged.content_hash) == (0, loaded.content_hash)
    assert judged.keys_are_closed
    assert len(judged.keys) == count
    assert set(judged.keys) == set(loaded.keys)
    assert judged.first_keys == loaded.keys[:100]
    assert str(count - 1) in judged.keys
    assert str(count) not in judged.keys
    assert 1 not in judged.keys
    assert bool(list(small_memory.iterdir())) == (count >= 100)
    del judged
    gc.collect()
    assert list(small_memory.iterdir()) == []


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ([*range(150), 7], "line 152: id: the key `7` stands in line 9 already"),
        ([*range(150), 130], "line 152: id: the key `130` stands in line 132 already"),
    ],
    ids=["of a key in memory", "of a key on disk"],
)
def test_a_repeated_key_of_a_large_file_names_both_lines(small_memory: Path, keys: list[int], said: str) -> None:
    judged = judge_file(films(), io.BytesIO(lines(*keys)), name="films.csv")
    assert [str(problem) for problem in judged.problems] == [said]
    assert judged.problem_count == 1
    gc.collect()


def test_a_key_that_is_not_closed_is_seen_anywhere(small_memory: Path) -> None:
    assert not judge_file(films(), io.BytesIO(lines(*range(500), "a b"))).keys_are_closed


def test_most_is_honoured_while_reading(small_memory: Path) -> None:
    file = io.BytesIO(lines(*range(100_000)))
    judged = judge_file(films(most=300), file)
    assert [(problem.line, problem.rule) for problem in judged.problems] == [(302, "too_many_rows")]
    assert file.tell() < 100_000


def test_rows_of_another_hash_are_not_built(tmp_path: Path) -> None:
    path = tmp_path / "films.sqlite"
    built = build_snapshot(LAYOUT, [("a", "A")], path)
    with pytest.raises(OtherContent):
        build_snapshot(LAYOUT, [("a", "B")], path, content_hash=built)
    assert verify_snapshot(path) == built
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "films.sqlite"
    built = build_snapshot(LAYOUT, [("a", "A")], path)
    program = (
        "import resource, signal, sys\n"
        "from promptspec.sources.building import build_snapshot\n"
        "from promptspec.sources.layout import Layout\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "layout = Layout(names=('id', 'title'), kinds=('text', 'text'), key=0, label=1)\n"
        "try:\n"
        "    build_snapshot(layout, ((str(i), 'x' * 200) for i in range(10_000)), sys.argv[1])\n"
        "except OSError as error:\n"
        "    print('OSError', error.filename)\n"
    )
    ended = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True)
    assert ended.stdout.startswith("OSError")
    assert verify_snapshot(path) == built
    assert list(tmp_path.iterdir()) == [path]


def test_processes_that_build_at_once_leave_one_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "films.sqlite"
    program = (
        "import sys\n"
        "from promptspec.sources.building import build_snapshot\n"
        "from promptspec.sources.layout import Layout\n"
        "from promptspec.sources.snapshot import open_snapshot\n"
        "layout = Layout(names=('id', 'title'), kinds=('text', 'text'), key=0, label=1)\n"
        "for _ in range(10):\n"
        "    built = build_snapshot(layout, ((str(i), sys.argv[2]) for i in range(500)), sys.argv[1])\n"
        "    with open_snapshot(sys.argv[1]) as opened:\n"
        "        assert len({row[1] for row in opened.rows()}) == 1 and len(opened) == 500\n"
    )
    builders = [subprocess.Popen([sys.executable, "-c", program, str(path), title]) for title in "ABC"]
    assert [builder.wait() for builder in builders] == [0, 0, 0]
    verify_snapshot(path)
    with open_snapshot(path) as opened:
        assert opened.search("a b c") == ()
    assert list(tmp_path.iterdir()) == [path]
