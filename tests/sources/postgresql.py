"""A PostgreSQL server of the tests' own: in a folder of theirs, on a port that nobody has, gone at their end."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

import pytest

#: Where distributions put what no `PATH` names.
_FOLDERS = ("/usr/lib/postgresql", "/usr/pgsql", "/opt/homebrew/opt", "/usr/local/opt")
_SETTINGS = ("fsync=off", "full_page_writes=off", "synchronous_commit=off", "listen_addresses=127.0.0.1")


@dataclass(frozen=True, slots=True)
class Server:
    """A running server."""

    port: int
    folder: Path
    programs: Path

    @property
    def url(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def run(self, statements: str) -> None:
        """Run *statements* as the owner of all."""
        import psycopg

        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(statements)  # type: ignore[arg-type]


def programs() -> Path | None:
    """Return the folder of `initdb`, or None."""
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).parent
    places = [path for folder in _FOLDERS for path in Path(folder).glob("*/bin/initdb")]
    return max(places, key=lambda path: path.parts[-3]).parent if places else None


@contextmanager
def server() -> Iterator[Server]:
    """Start a server, and stop it."""
    place = programs()
    if place is None:
        said = "PostgreSQL is not installed: `apt-get install postgresql`"
        if os.environ.get("CI"):
            pytest.fail(said)
        pytest.skip(said)
    folder = Path(mkdtemp(prefix="promptspec-pg-"))
    running = Server(port=_free_port(), folder=folder, programs=place)
    try:
        # The server does not run as root.
        owner = "postgres" if os.getuid() == 0 else None
        if owner:
            shutil.chown(folder, owner)
        data = folder / "data"
        _run(owner, place / "initdb", "-D", data, "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C", "-N")
        settings = " ".join(f"-c {each}" for each in (*_SETTINGS, f"unix_socket_directories={folder}"))
        options = f"-p {running.port} {settings}"
        _run(owner, place / "pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", options, "start")
        try:
            yield running
        finally:
            _run(owner, place / "pg_ctl", "-D", data, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(owner: str | None, *command: object) -> None:
    words = [str(word) for word in command]
    # Its output goes to no pipe: the server that stays behind would hold it open.
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL, user=owner, cwd="/", timeout=120)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]
