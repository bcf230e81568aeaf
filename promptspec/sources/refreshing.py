"""Sources that change: the newest snapshot that there is, renewed in the background, refused once it is stale.

Readers never wait: a call takes what is there. One thread of each process renews what is due, and of all processes of
a user one at a time.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Literal, Protocol, TypeAlias

from promptspec.contract.feature import Source
from promptspec.contract.types import Enumeration
from promptspec.errors import SourceUnavailable
from promptspec.sources.accepting import why_not_taken
from promptspec.sources.find_index import Near
from promptspec.sources.keeping import Note, alone, read_note, snapshot_folder, write_note
from promptspec.sources.origins import OriginFailed, Validators
from promptspec.sources.pulled import read_time
from promptspec.sources.pulling import PullRefused, pull
from promptspec.sources.snapshot import FileSnapshot, open_snapshot
from promptspec.telemetry.telling import tell_refresh

_LOG: Final = logging.getLogger("promptspec")
#: Seconds between two looks at the folder, and between two lines of the log that say the same.
_LOOK: Final = 1.0
_LOG_AGAIN: Final = 60.0
#: How far in the future a snapshot may say that it was pulled, in a world where clocks differ.
_SKEW: Final = timedelta(minutes=5)
_LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)
#: Seconds until an origin is asked again, at the soonest: a tenth of `refresh`, within these.
_SOONEST, _LATEST = 0.5, 60.0

#: What became of an attempt: another process was at it, it was not due, nothing had changed, new rows were taken, rows
#: were not taken, the origin failed.
Attempt: TypeAlias = Literal["elsewhere", "fresh", "unchanged", "taken", "refused", "failed"]


class Times(Protocol):
    """Both clocks of the world."""

    def now(self) -> datetime:
        """Return the moment, in UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds on a clock that never goes back."""
        ...


class SystemTimes:
    """The clocks of the operating system."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """A source as its contract declares it, and the enums of its columns."""

    source: Source
    enums: Sequence[Enumeration]


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What a source that changes serves in this process, and how its refreshes went, counted since the process began.

    *refused_calls* were refused because the rows were stale. *problem* is why the last refresh was none, if so.
    """

    rows: int
    content_hash: str
    renewed: datetime
    stale: datetime
    is_stale: bool
    taken: int
    unchanged: int
    not_taken: int
    failed: int
    refused_calls: int
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    """An open snapshot, and when its origin last said that it is so."""

    snapshot: FileSnapshot
    renewed: datetime


class Changing:
    """One source that changes, in one process."""

    def __init__(
        self,
        *,
        name: str,
        built: Path,
        content_hash: str,
        kept: str,
        refresh: float,
        stale: float,
        pin: str,
        declared: Callable[[], Declared],
        environment: Mapping[str, str],
        times: Times | None = None,
    ) -> None:
        """Take the snapshot that was *built*, the name under which newer ones are *kept*, and how often: in seconds."""
        self.name = name
        self._built = built
        self._content_hash = content_hash
        self._kept = kept
        self._refresh = refresh
        self._stale = timedelta(seconds=stale)
        self._pin = pin
        self._declared = declared
        self._environment = environment
        self._times = times or SystemTimes()
        self._counts = dict.fromkeys(("taken", "unchanged", "refused", "failed"), 0)
        self._refused_calls = 0
        self._problem = ""
        self._logged: dict[str, float] = {}
        self._next_attempt = 0.0
        self._begin()

    def _begin(self) -> None:
        # In a forked child too: what its parent had open is the parent's.
        self._process = os.getpid()
        self._looking = threading.Lock()
        self._held: _Held | None = None
        #: What shortlists look at in what was built, and then in all that is pulled.
        self._near: Near | None = None
        self._seen: object = None
        self._next_look = float("-inf")

    # Reading

    def current(self) -> FileSnapshot:
        """Return the newest good snapshot. Raises SourceUnavailable where there is none, or it is stale."""
        held = self._look()
        if self._is_stale(held):
            self._refused_calls += 1
            said = f"source `{self.name}`: its rows are stale"
            self._log("stale", f"{said}; the last refresh: {self._problem or 'none yet'}")
            raise SourceUnavailable(said)
        return held.snapshot

    @property
    def status(self) -> Status:
        """What is served now, and what was counted."""
        held = self._look()
        return Status(
            rows=len(held.snapshot),
            content_hash=held.snapshot.content_hash,
            renewed=held.renewed,
            stale=held.renewed + self._stale,
            is_stale=self._is_stale(held),
            taken=self._counts["taken"],
            unchanged=self._counts["unchanged"],
            not_taken=self._counts["refused"],
            failed=self._counts["failed"],
            refused_calls=self._refused_calls,
            problem=self._problem,
        )

    def _is_stale(self, held: _Held) -> bool:
        return self._times.now() - held.renewed > self._stale

    def _look(self, *, now: bool = False) -> _Held:
        """Return what is held, after a look at the folder where the last one was a while ago."""
        if self._process != os.getpid():
            self._begin()
        held = self._held
        moment = self._times.monotonic()
        if held is not None and not now and moment < self._next_look:
            return held
        if not self._looking.acquire(blocking=held is None or now):
            assert held is not None
            return held  # another thread is looking
        try:
            self._next_look = moment + _LOOK
            held = self._held or self._open_built()
            newer = self._open_kept(held)
            found = newer or held
            if found is None:
                raise SourceUnavailable(f"{self._built}: there is no snapshot of source `{self.name}`")
            self._held = found
            return found
        finally:
            self._looking.release()

    def _open_built(self) -> _Held | None:
        try:
            snapshot = open_snapshot(self._built, content_hash=self._content_hash)
            self._near = snapshot.looked_at
            return _Held(snapshot=snapshot, renewed=self._past(read_time(snapshot.pulled)))
        except (SourceUnavailable, ValueError):
            self._log("built", f"source `{self.name}`: the snapshot beside the module cannot be read")
            return None

    def _open_kept(self, held: _Held | None) -> _Held | None:
        """Return the snapshot in the folder where it is newer than what is held."""
        try:
            folder = snapshot_folder(self._environment)
        except OriginFailed as error:
            self._log("folder", f"source `{self.name}`: {error.message}")
            return None
        path, beside = folder / self._kept, self._note(folder)
        seen = (_identity(path), _identity(beside))
        if seen == self._seen or seen[0] is None:
            return None
        self._seen = seen
        note = read_note(beside)
        try:
            if held is not None and note is not None and note.content_hash == held.snapshot.content_hash:
                snapshot = held.snapshot
            else:
                snapshot = open_snapshot(path)
                if self._near is not None and not snapshot.can_find(self._near.searched, self._near.compared):
                    return None  # of a build that made no such shortlists; the next refresh has what they need
            renewed = self._past(read_time(snapshot.pulled))
        except (SourceUnavailable, ValueError):
            self._log("kept", f"source `{self.name}`: the snapshot that was pulled cannot be read")
            return None
        if note is not None and note.content_hash == snapshot.content_hash:
            renewed = max(renewed, self._past(note.renewed))
        if self._pin and snapshot.content_hash != self._pin:
            return None
        found = _Held(snapshot=snapshot, renewed=renewed)
        if held is None or renewed > held.renewed:
            return found
        # Times are kept to the second; of the same one, what was pulled here is the newer.
        return found if renewed == held.renewed and snapshot is not held.snapshot else None

    def _past(self, renewed: datetime) -> datetime:
        """Return *renewed*, or a moment long ago where it is none of the past: what says so is not to be believed."""
        return renewed if renewed <= self._times.now() + _SKEW else _LONG_AGO

    # Renewing

    @property
    def due_in(self) -> float:
        """Seconds until it is time to renew; zero or less where that is now."""
        try:
            renewed = self._look().renewed
        except SourceUnavailable:
            return self._next_attempt - self._times.monotonic()
        left = self._refresh - (self._times.now() - renewed).total_seconds()
        return max(left, self._next_attempt - self._times.monotonic())

    def renew(self) -> Attempt:
        """Read the origin once, if that is due and no other process does; take what it gives if rule 30 allows."""
        try:
            outcome, problem = self._attempt()
        except (OriginFailed, PullRefused, SourceUnavailable, OSError) as error:
            outcome, problem = "failed", _told(error)
        finally:  # whatever was raised, the origin is not asked again at once
            self._next_attempt = self._times.monotonic() + min(max(self._refresh / 10, _SOONEST), _LATEST)
        if outcome in self._counts:
            self._counts[outcome] += 1
            self._problem = problem
            tell_refresh(self.name, outcome)
        if problem:
            self._log("renew", f"source `{self.name}` was not renewed: {problem}")
        return outcome

    def _attempt(self) -> tuple[Attempt, str]:
        folder = snapshot_folder(self._environment)
        with alone(folder / f"{self._kept}.lock") as mine:
            if not mine:
                return "elsewhere", ""
            held = self._look(now=True)
            if (self._times.now() - held.renewed).total_seconds() < self._refresh:
                return "fresh", ""
            return self._renew(folder, held)

    def _renew(self, folder: Path, held: _Held) -> tuple[Attempt, str]:
        declared = self._declared()
        # Whole seconds, as the snapshot keeps it.
        now = self._times.now().replace(microsecond=0)
        path, beside = folder / self._kept, self._note(folder)
        candidate = folder / f".{self._kept}.{os.urandom(8).hex()}.pulled"
        note = read_note(beside)
        # Only what this user's processes wrote: a validator from elsewhere could make any rows pass as unchanged.
        is_known = note is not None and _identity(path) is not None and note.content_hash == held.snapshot.content_hash
        known = note.validators if note is not None and is_known else None
        try:
            found = pull(
                declared.source,
                candidate,
                now=now,
                environment=self._environment,
                enums=declared.enums,
                known=known,
                searchable=True,
                near=self._near,
            )
            if found is not None and found.content_hash != held.snapshot.content_hash:
                with open_snapshot(candidate) as new:
                    why = why_not_taken(held.snapshot, new, new.layout, pin=self._pin)
                if why is not None:
                    return "refused", why
                outcome: Attempt = "taken"
            else:
                outcome = "unchanged"
            if found is not None:
                os.replace(candidate, path)
        finally:
            with suppress(FileNotFoundError):
                candidate.unlink()
        validators = known or Validators() if found is None else found.validators
        content_hash = held.snapshot.content_hash if found is None else found.content_hash
        write_note(beside, Note(content_hash=content_hash, renewed=now, validators=validators))
        self._look(now=True)
        return outcome, ""

    def _note(self, folder: Path) -> Path:
        return folder / f"{self._kept}.json"

    def _log(self, what: str, message: str) -> None:
        """Say *message*, unless the same was said of the same a moment ago."""
        moment = self._times.monotonic()
        if moment - self._logged.get(what + message, float("-inf")) >= _LOG_AGAIN:
            self._logged = {each: at for each, at in self._logged.items() if moment - at < _LOG_AGAIN}
            self._logged[what + message] = moment
            _LOG.warning("%s", message)


def _identity(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size


def _told(error: Exception) -> str:
    """Return what a log may hold of *error*: nothing that an origin or a row said."""
    match error:
        case OriginFailed():
            return error.message
        case PullRefused():
            first = error.problems[0]
            return f"a row does not fit: {first.place}: {first.column or 'the row'}: {first.rule}"
        case SourceUnavailable():
            return error.detail
        case OSError():
            return f"a file failed: {error.strerror or type(error).__name__}"
        case _:
            return type(error).__name__


class Refresher:
    """The thread of this process that renews what is due."""

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._watched: tuple[Changing, ...] = ()
        self._running = False

    def watch(self, changing: Changing) -> None:
        """Renew *changing* whenever it is due, from now on."""
        if self._process != os.getpid():  # threads do not live on in a forked child
            self._begin()
        if changing in self._watched:
            return
        with self._lock:
            if changing not in self._watched:
                self._watched = (*self._watched, changing)
            if not self._running:
                self._running = True
                threading.Thread(target=self._run, name="promptspec-refresh", daemon=True).start()
        self._wake.set()

    def _run(self) -> None:
        while True:
            for changing in self._watched:
                try:
                    if changing.due_in <= 0:
                        changing.renew()
                except Exception:  # noqa: BLE001  the outermost frame of this thread: the others are renewed all the same
                    _LOG.exception("source %s was not renewed: this is a bug of promptspec", changing.name)
            self._wake.wait(min([max(each.due_in, 0.05) for each in self._watched], default=_LATEST))
            self._wake.clear()


REFRESHER: Final = Refresher()
