"""Sends what waits in the outbox: reports by mail, or in requests to an address of the application's.

A message is sent until somebody takes it. Pauses grow from half a minute to an hour, and nothing is given up.
"""

from __future__ import annotations

import json
import logging
import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from promptspec.errors import LedgerUnavailable
from promptspec.ledger.opening import LEDGER, ledger_of
from promptspec.models.origins import is_loopback, listed_for, read_origin
from promptspec.ports import World
from promptspec.safety.mail import Mail, Unsent, send_mail

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from promptspec.ledger.opening import Ledger
    from promptspec.ledger.outbox import Message

#: Set to `0`, no process sends by itself: `promptspec reports send` does.
FORWARD: Final = "PROMPTSPEC_FORWARD"

#: Seconds that one request may take.
_PATIENCE: Final = 30.0
#: The longest pause between two looks at the outbox, in seconds.
_LONGEST: Final = 60.0
_LARGEST_ANSWER: Final = 64 * 1024
_MAIL: Final = "mailto:"
#: Statuses that say nothing of the message: another one would not be taken either.
_DOWN: Final = frozenset({*range(300, 400), 401, 403, 404, 408, 410, 425, 429, *range(500, 600)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What is told of a report. *reply* is None where the spec does not show it, "" where it is not kept any more."""

    id: str
    feature: str
    caller: str | None
    reply_id: str
    at: int
    text: str = field(repr=False)
    reply: str | None = field(default=None, repr=False)


@dataclass(slots=True)
class Outcome:
    """How many messages were *sent*, and why others were not, by their ids."""

    sent: int = 0
    problems: dict[str, str] = field(default_factory=dict[str, str])


class Forwarder:
    """Sends what waits in *ledger*."""

    def __init__(self, ledger: Ledger, world: World) -> None:
        self._ledger = ledger
        self._world = world

    def send(self, *, at_once: bool = False) -> Outcome:
        """Try each message that is due, or, *at_once*, each that waits, once. Raises LedgerUnavailable.

        Where a server is down, the others for it are left for later.
        """
        from promptspec.ledger import outbox

        outcome, down = Outcome(), set[str]()
        after: tuple[int, str] | None = None
        while True:
            with self._ledger.writing() as connection:
                message = outbox.claim(connection, at=self._now(), after=after, at_once=at_once, without=down)
            if message is None:
                return outcome
            after = (message.at, message.id)
            try:
                self._deliver(message)
                outcome.sent += 1
            except Unsent as unsent:
                outcome.problems[message.id] = unsent.problem
                start = _origin_of(message.target) if unsent.is_down else ""
                if start:
                    down.add(start)
                with self._ledger.writing() as connection:
                    outbox.failed(connection, message, at=self._now(), problem=unsent.problem, all_of=start)

    def seconds_to_next(self) -> float | None:
        """Return how long it is to the next message, None where none waits. Raises LedgerUnavailable."""
        from promptspec.ledger import outbox

        with self._ledger.reading() as connection:
            moment = outbox.next_moment(connection)
        return None if moment is None else max((moment - self._now()) / 1000, 0.0)

    def _deliver(self, message: Message) -> None:
        from promptspec.ledger import outbox, reports, tickets

        if message.kind == tickets.CALLBACK:
            self._tell_of_decision(message)
            return
        with self._ledger.reading() as connection:
            notice = _notice(connection, message, self._world.environment)
        _send(message, notice, self._world)
        with self._ledger.writing() as connection:
            at = self._now()
            outbox.sent(connection, message, feature=notice.feature, caller=notice.caller, at=at)
            report = reports.find(connection, message.subject)
            if report is not None:
                reports.forwarded(connection, report, at=at)

    def _tell_of_decision(self, message: Message) -> None:
        """Post which ticket was decided on, and how: no text of anybody."""
        from promptspec.ledger import outbox, tickets

        with self._ledger.reading() as connection:
            ticket = tickets.find(connection, message.subject)
        if ticket is None:
            raise Unsent("the ticket is not in the ledger any more", is_down=False)
        body = json.loads(message.body)
        _must_be_allowed(message.target, tuple(body["hosts"]))
        told = {"ticket": ticket.id, "state": body["state"], "feature": ticket.feature, "at": _moment(message.at)}
        _post(message.target, told, id=message.id)
        with self._ledger.writing() as connection:
            outbox.sent(connection, message, feature=ticket.feature, caller=ticket.caller, at=self._now())

    def _now(self) -> int:
        return round(self._world.clock.now().timestamp() * 1000)


def _origin_of(target: str) -> str:
    """Return how the targets begin that one server takes: all mail goes through one."""
    if target.startswith(_MAIL):
        return _MAIL
    url = urlsplit(target)
    return f"{url.scheme}://{url.netloc}/"


def _notice(connection: Connection, message: Message, environment: Mapping[str, str]) -> Notice:
    """Return what *message* tells. Raises Unsent where the ledger does not have it any more, or seals it."""
    from promptspec.ledger import reports, texts

    report = reports.find(connection, message.subject)
    sealed = ""
    try:
        seal = texts.seal_of(environment)
        text = texts.read(connection, message.subject, seal).get(reports.TEXT)
        reply = None
        if report is not None and json.loads(message.body)["shows_reply"]:
            kept = texts.read(connection, report.reply, seal).get("reply")
            reply = "" if kept is None else json.loads(kept)["value"]
    except LedgerUnavailable as error:
        sealed = error.detail
    else:
        if report is None or text is None:
            raise Unsent("the report is not in the ledger any more", is_down=False)
        return Notice(
            id=report.id,
            feature=report.feature,
            caller=report.caller,
            reply_id=report.reply,
            at=report.at,
            text=text,
            reply=reply,
        )
    raise Unsent(sealed, is_down=True)


def _send(message: Message, notice: Notice, world: World) -> None:
    hosts = tuple(json.loads(message.body)["hosts"])
    if message.target.startswith(_MAIL):
        address = message.target.removeprefix(_MAIL)
        if address.rpartition("@")[2].lower() not in {entry.strip().lower().partition(":")[0] for entry in hosts}:
            raise Unsent("the domain of the address is not listed in `hosts`", is_down=False)
        send_mail(_mail(notice, address), world.environment)
    else:
        _must_be_allowed(message.target, hosts)
        _post(message.target, _told(notice), id=notice.id)


def _must_be_allowed(target: str, hosts: tuple[str, ...]) -> None:
    origin = read_origin(target)
    if origin is None or (origin.scheme == "http" and not is_loopback(origin.host)):
        raise Unsent("the address is no plain https address", is_down=False)
    if not listed_for(origin, hosts):
        raise Unsent("the host of the address is not listed in `hosts`", is_down=False)


def _mail(notice: Notice, address: str) -> Mail:
    from promptspec.values.sinks import escape_terminal

    told = [
        f"A reply of {escape_terminal(notice.feature)} was reported at {_moment(notice.at)}.",
        "",
        notice.text,
        "",
        f"report  {notice.id}",
        f"reply   {notice.reply_id}",
        f"caller  {notice.caller or 'anyone'}",
    ]
    if notice.reply is not None:
        told += ["", "The reply, as JSON:", "", notice.reply or "It is not kept any more."]
    told += ["", f"promptspec reports show {notice.id}", ""]
    subject = f"Reported: {escape_terminal(notice.feature)}"
    return Mail(id=notice.id, to=address, subject=subject, text="\n".join(told))


def _told(notice: Notice) -> dict[str, object]:
    """Return *notice* as a program is told."""
    told: dict[str, object] = {
        "id": notice.id,
        "feature": notice.feature,
        "reply": notice.reply_id,
        "caller": notice.caller,
        "at": _moment(notice.at),
        "text": notice.text,
    }
    if notice.reply is not None:
        told["reply_value"] = json.loads(notice.reply) if notice.reply else None
    return told


def _post(url: str, told: Mapping[str, object], *, id: str) -> None:
    """Send *told* to *url*, in one request that follows no redirect. Raises Unsent."""
    import asyncio

    import httpx2
    import yarl
    from multidict import CIMultiDict

    from promptspec.models.transport import BodyEncoded, BodyTooLarge, Head, NetworkTransport

    body = json.dumps(told).encode()
    headers = CIMultiDict({"content-type": "application/json", "idempotency-key": id, "user-agent": "promptspec"})

    async def post() -> int:
        transport = NetworkTransport(secure=url.startswith("https:"))
        try:
            async with asyncio.timeout(_PATIENCE):
                head = Head(yarl.URL(url, encoded=True), headers)
                return (await transport.exchange("POST", head, body, largest=_LARGEST_ANSWER)).status
        finally:
            await transport.aclose()

    try:
        status = asyncio.run(post())
    except TimeoutError:
        problem, status = "the host did not answer in time", 0
    except httpx2.NetworkError as error:
        problem, status = f"the host cannot be reached: {error}", 0
    except (BodyTooLarge, BodyEncoded):
        return  # what a server has to say about a report that it took does not matter
    else:
        problem = f"the host answered with status {status}"
    if not 200 <= status < 300:
        raise Unsent(problem, is_down=not status or status in _DOWN)


def _moment(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="seconds")


# In the background


class _Sender:
    """A thread that sends as long as something waits."""

    def __init__(self, world: World, ended: Callable[[], bool]) -> None:
        self._world = world
        self._may_end = ended
        self.wake = threading.Event()
        self._thread = threading.Thread(target=self._work, name="promptspec-outbox", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def _work(self) -> None:
        while True:
            self.wake.clear()
            pause = self._round()
            if pause is None and self._may_end():
                return
            self.wake.wait(_LONGEST if pause is None else min(pause, _LONGEST))

    def _round(self) -> float | None:
        """Send what is due, and return the seconds to what is due next; None where nothing waits."""
        try:
            forwarder = Forwarder(ledger_of(self._world.environment), self._world)
            outcome = forwarder.send()
            for id, problem in outcome.problems.items():
                _log(id, problem)
            return forwarder.seconds_to_next()
        except LedgerUnavailable as error:
            _log("the outbox", error.detail)
        except Exception as error:  # noqa: BLE001  the outermost frame of the thread: it goes on, and nothing is lost
            _log("the outbox", f"this is a bug of promptspec ({type(error).__name__})")
        return _LONGEST


def _log(what: str, problem: str) -> None:
    logging.getLogger("promptspec").warning("%s is not sent yet: %s", what, problem)


_SENDERS: Final[dict[tuple[int, str], _Sender]] = {}
_STARTING: Final = threading.Lock()


def send_in_background(world: World) -> None:
    """See to it that a thread of this process sends what waits in its ledger, unless the environment forbids it."""
    environment = world.environment
    if environment.get(FORWARD) == "0":
        return
    key = (os.getpid(), environment.get(LEDGER, ""))

    def may_end() -> bool:
        with _STARTING:
            if _SENDERS[key].wake.is_set():
                return False
            del _SENDERS[key]
            return True

    with _STARTING:
        sender = _SENDERS.get(key)
        if sender is not None:
            sender.wake.set()
            return
        sender = _SENDERS[key] = _Sender(world, may_end)
    sender.start()
