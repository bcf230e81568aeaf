"""Calls with a review and an audit trail, on SQLite: how many a second two processes write, in one file.

The bar is 500 calls a second on two cores. A stand-in answers at once, so that what is measured is the call and the
ledger; every commit is on the disk before the next one begins.

    python -m benchmarks.ledger
"""

from __future__ import annotations

import json
import multiprocessing
import os
import tempfile
import time
from pathlib import Path
from typing import Any

CALLS = 1_500
PROCESSES = 2
BAR = 500
SPEC = """promptspec 1

## Offers a customer something back.
feature offer_refund {
    model "gpt-5.6-luna"
    input {
        complaint: text(1..200)
    }
    output {
        letter: text(1..200)
        refund: int(0..100)
    }
    review always
    keep 30d
}
"""


def work(folder: Path, address: str, gate: Any, seconds: Any) -> None:
    """Make the calls of one process."""
    import promptspec
    from promptspec import SignedIn
    from promptspec.ledger.opening import open_ledger
    from promptspec.models.port import Answer, Ask, Usage

    class Teller:
        name = "teller"

        async def ask(self, ask: Ask, *, seconds: float) -> Answer:
            return Answer(text=json.dumps({"letter": "Here.", "refund": 5}), model="teller", usage=Usage())

    feature = promptspec.load(folder / "refunds.spec").offer_refund
    ledger = open_ledger(address)
    with feature.override(model=Teller(), ledger=ledger):
        feature.call(complaint="to warm up", caller=SignedIn("u"))
        gate.wait()
        began, cpu = time.perf_counter(), time.process_time()
        for number in range(CALLS):
            feature.call(complaint=f"It never came, number {number}.", caller=SignedIn(f"u{number % 50}"))
        seconds.put((time.perf_counter() - began, time.process_time() - cpu))


def main() -> None:
    """Print the figure, and how it stands to the bar."""
    from promptspec.ledger.chain import verify
    from promptspec.ledger.opening import open_ledger

    os.environ["PROMPTSPEC_ID_KEY"] = "0123456789abcdef0123456789abcdef"
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as name:
        folder = Path(name)
        (folder / "refunds.spec").write_text(SPEC, encoding="utf-8")
        address = str(folder / "ledger.db")
        open_ledger(address).close()
        spawn = multiprocessing.get_context("spawn")
        gate, seconds = spawn.Barrier(PROCESSES), spawn.Queue()
        processes = [spawn.Process(target=work, args=(folder, address, gate, seconds)) for _ in range(PROCESSES)]
        for process in processes:
            process.start()
        found = [seconds.get(timeout=600) for _ in processes]
        for process in processes:
            process.join()
        ledger = open_ledger(address)
        with ledger.reading() as connection:
            verdict = verify(connection)
        ledger.close()
    assert verdict.broken is None
    rate = PROCESSES * CALLS / max(wall for wall, _ in found)
    cpu = 1e3 * sum(each for _, each in found) / (PROCESSES * CALLS)
    print(f"{PROCESSES} processes, {PROCESSES * CALLS:,} calls, {verdict.entries:,} entries")
    print(f"{rate:,.0f} calls a second (bar {BAR}: {'met' if rate >= BAR else 'missed'}); {cpu:.2f} ms of CPU a call")


if __name__ == "__main__":
    main()
