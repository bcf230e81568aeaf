"""Write places.db: the register of a city that never was, the same on every machine.

Run `python specs/data/make_places.py` to write the file anew, then `promptspec source pull specs/city_guide.spec`.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

PLACES = (
    ("p1", "Town Hall Tower", "tower", "Open daily from 10 to 17. 214 steps, no lift. Tickets at the door, 4 euros."),
    ("p2", "Mill Park", "park", "Open day and night. Dogs are welcome on a lead, except on the playground."),
    ("p3", "Museum of Locks", "museum", "Open Tuesday to Sunday from 11 to 18. Free on the first Sunday of a month."),
    ("p4", "Harbour Baths", "pool", "Open from May to September, 7 to 20. The large pool is heated to 24 degrees."),
    ("p5", "Old Observatory", "observatory", "Guided evenings on Fridays, weather permitting. Book two days ahead."),
    ("p6", "Night Market", "market", "Every Thursday from 17 to 23 on Kiln Square. Most stalls take cash only."),
)


def main() -> None:
    """Write the file."""
    path = Path(__file__).with_name("places.db")
    path.unlink(missing_ok=True)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("CREATE TABLE place (id TEXT PRIMARY KEY, name TEXT, kind TEXT, about TEXT) WITHOUT ROWID")
    connection.executemany("INSERT INTO place VALUES (?, ?, ?, ?)", PLACES)
    connection.close()


if __name__ == "__main__":
    main()
