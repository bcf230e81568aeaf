"""Write films.csv: three thousand films that never were, the same on every machine.

Run `python specs/data/make_films.py` to write the file anew. Titles, years and plots are made from the lists below,
so the data belongs to nobody and names nobody.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Sequence
from pathlib import Path

FILMS = 3_000

GENRES = (
    "comedy",
    "crime",
    "documentary",
    "drama",
    "family",
    "horror",
    "mystery",
    "romance",
    "science_fiction",
    "western",
)


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FIRST = _words(
    "Amber Bitter Borrowed Broken Burning Careful Crooked Distant Early Empty False Final Foreign Gentle Golden Hidden "
    "Hollow Honest Idle Iron Last Late Little Long Lost Lucky Midnight Narrow Northern Odd Open Ordinary Other Painted "
    "Paper Patient Plain Private Quiet Restless Rough Second Secret Seventh Short Silent Silver Slow Small Southern "
    "Stolen Strange Sudden Summer Tender Unsent Velvet Wandering Western Wild Winter Wooden Young"
)

SECOND = _words(
    "Afternoon Alibi Almanac Anchor Apprentice Archive Autumn Ballad Bargain Bell Border Bridge Cartographer Chorus "
    "Circus Clock Coast Comet Confession Cook Corridor Crossing Daughter Debt Detour Diary District Diver Dollar Echo "
    "Elevator Embassy Encore Engine Errand Exile Farewell Ferry Fever Fields Flood Forecast Fortune Frontier Garden "
    "Ghost Guest Harbour Harvest Heir Holiday Horizon Hotel House Hunter Inheritance Island Janitor Journey Judge "
    "Kitchen Ladder Lantern Letter Lighthouse Machine Magician Map Market Melody Messenger Mile Mirror Monsoon Motel "
    "Mountain Neighbour Night Number Ocean Oath Orchard Orchestra Parade Passenger Piano Pilot Portrait "
    "Promise Province Quarry Rain Recipe Rehearsal Return River Road Rumour Season Secretary Shadow Shore "
    "Signal Sister Song Station Stranger Street Summer Tailor Tenant Theatre Thief Tide Tower Train Translator "
    "Treaty Trial Valley Verdict Village Visitor Voyage Waltz Watchman Wedding Well Widow Window Witness"
)

PLACES = (
    "a border town", "a closing shipyard", "a crowded night train", "a drowned valley", "a fishing village",
    "a forgotten spa", "a grand hotel out of season", "a hill station", "a lighthouse", "a mining camp",
    "a moon colony", "a provincial theatre", "a research station in the ice", "a seaside town in winter",
    "a small island", "a suburb of identical houses", "a travelling circus", "a vineyard", "an abandoned school",
    "an overnight ferry", "an unfinished motorway", "the last cinema of the city", "the old harbour quarter",
    "the salt flats",
)  # fmt: skip

PEOPLE = (
    "a baker who cannot sleep", "a bell ringer", "a bored heiress", "a careful forger", "a disgraced judge",
    "a girl of eleven", "a homesick translator", "a lighthouse keeper", "a locksmith on parole", "a map maker",
    "a night watchman", "a piano tuner", "a pilot who lost her licence", "a prompter with a perfect memory",
    "a retired detective", "a reluctant heir", "a ship's cook", "a stubborn postwoman", "a tired magician",
    "a town archivist", "a village doctor", "a young surveyor", "an ageing stuntman", "an honest pickpocket",
    "two brothers who do not speak", "two rival tailors",
)  # fmt: skip

EVENTS = (
    "finds a letter that was never sent", "inherits a debt and a dog", "is mistaken for someone who died",
    "hears the same song on every radio", "must keep one secret for one week", "sees a crime that nobody reports",
    "takes the wrong suitcase home", "is asked to paint a portrait of a stranger", "discovers a room without a door",
    "agrees to a bet that cannot be won", "wakes up to an empty town", "receives a visitor from years ago",
    "is hired to find a missing orchestra", "opens an inn that nobody needs", "crosses the country on foot",
    "begins to forget a name each day", "hides a fugitive in plain sight", "builds a machine that answers too well",
    "promises to dance at a wedding", "is alone in seeing a miracle", "loses the map but not the way",
    "writes the obituary of a living friend",
)  # fmt: skip

ENDS = {
    "comedy": (
        "Nothing goes as planned, which is the best part.",
        "Everyone lies, and everyone is found out by dinner.",
    ),
    "crime": ("The plan is perfect until it is shared.", "Each clue costs more than the last one."),
    "documentary": ("Told by the people who stayed.", "Filmed over nine years, without a narrator."),
    "drama": ("Forgiveness arrives late and by bus.", "What was broken is mended, though not as before."),
    "family": ("The dog knows the answer all along.", "It takes a whole street to set things right."),
    "horror": ("The lights go out one street at a time.", "Nobody who knocks has a shadow."),
    "mystery": ("The last page changes the first.", "Every guest had a reason and no one had the time."),
    "romance": ("They meet three times before they speak.", "One summer has to last for both of them."),
    "science_fiction": ("The signal turns out to be a reply.", "Time runs backwards for everyone but one."),
    "western": ("The railway comes, and with it the past.", "There is water for one herd and two families."),
}


def main(folder: Path) -> None:
    """Write films.csv into *folder*."""
    draw = random.Random(1895)  # noqa: S311
    pairs = [(first, second) for first in FIRST for second in SECOND if first != second]
    with (folder / "films.csv").open("w", encoding="utf-8", newline="") as file:
        write = csv.writer(file, lineterminator="\n")
        write.writerow(("id", "title", "year", "genre", "plot"))
        for number in range(1, FILMS + 1):
            first, second = pairs.pop(_below(draw, len(pairs)))
            genre = _one(draw, GENRES)
            year = 1921 + _below(draw, 105)
            write.writerow((f"tt{number:07}", _title(draw, first, second), year, genre, _plot(draw, genre)))


def _title(draw: random.Random, first: str, second: str) -> str:
    article = "An" if first[0] in "AEIOU" or first == "Honest" else "A"
    shapes = (
        f"The {first} {second}",
        f"{first} {second}",
        f"{article} {first} {second}",
        f"The {second} at {first} Creek",
    )
    return shapes[(0, 0, 0, 0, 1, 1, 2, 3)[_below(draw, 8)]]


def _plot(draw: random.Random, genre: str) -> str:
    place = _one(draw, PLACES)
    person = _one(draw, PEOPLE)
    event = _one(draw, EVENTS)
    if person.startswith("two "):
        event = _plural(event)
    return f"In {place}, {person} {event}. {_one(draw, ENDS[genre])}"


def _plural(event: str) -> str:
    verb, _, rest = event.partition(" ")
    irregular = {"is": "are", "discovers": "discover", "crosses": "cross", "loses": "lose", "promises": "promise"}
    return f"{irregular.get(verb, verb.removesuffix('s'))} {rest}"


def _one(draw: random.Random, words: Sequence[str]) -> str:
    return words[_below(draw, len(words))]


def _below(draw: random.Random, number: int) -> int:
    # Of the methods of Random, only random() promises the same numbers in every version of Python.
    return int(draw.random() * number)


if __name__ == "__main__":
    main(Path(__file__).parent)
