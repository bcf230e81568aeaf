"""How often a lexical shortlist of the sample's help articles holds the right one.

Two labelled files: questions as people ask them, most of them in other words than the article's and some in other
languages; and words as people type them into a search box, with slips. `python -m benchmarks.shortlist_quality`
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from promptspec.cli.app import run as promptspec
from promptspec.cli.desk import desk_of_process

HERE = Path(__file__).parent


def run() -> None:
    """Print what `promptspec source evaluate` finds."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(HERE / "shortlists" / "articles.spec", folder)
        shutil.copy(HERE.parent / "specs" / "data" / "articles.json", folder)
        for name in ("questions", "words"):
            for shortlist in ("eight", "twenty", "near"):
                print(f"{name}.jsonl")
                labelled = HERE / "shortlists" / f"{name}.jsonl"
                promptspec(
                    ["source", "evaluate", f"{folder}/articles.spec:{shortlist}", str(labelled)], desk_of_process()
                )


if __name__ == "__main__":
    run()
