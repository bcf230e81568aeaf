"""A model that was talked into sending readers elsewhere, and a film that nobody owns."""

import json
import sys
from pathlib import Path

import promptspec

HERE = Path(__file__).parent


def main() -> int:
    suggest_films = promptspec.load(HERE.parents[2] / "specs" / "suggest_films.spec").suggest_films
    given = json.loads((HERE / "film.json").read_text())
    reply = {"picks": ["tt0000999"], "why": "Win a prize at https://prizes.example.com/?reader=4f1c today!"}
    with suggest_films.override(model=promptspec.replies(reply)):
        try:
            suggest_films.call_fields(given, caller=promptspec.Session("4f1c"))
        except promptspec.ReplyRefused as refused:
            for violation in refused.violations:
                print(f"refused: {violation}")
            print(f"the reader sees: {refused.user_message}")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
