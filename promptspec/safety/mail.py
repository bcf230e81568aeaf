"""Mail over the server that `PROMPTSPEC_SMTP` names, always encrypted."""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

from promptspec.values.formats import BadFormat, parse_email

#: Names the server and who sends: `smtp+starttls://user:password@host:587?from=app@example.org`, or `smtps://…`.
MAIL_SERVER: Final = "PROMPTSPEC_SMTP"

#: Seconds that the server may take for one answer, and for everything.
_PATIENCE: Final = 15.0
_MOST_SECONDS: Final = 90.0
_PORTS: Final = {"smtp+starttls": 587, "smtps": 465}
_HOST: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252})|[0-9a-fA-F:.]{2,45}")


class Unsent(Exception):
    """A message was not taken. *problem* is why, in fixed words; *is_down* where no other one would be taken either."""

    def __init__(self, problem: str, *, is_down: bool) -> None:
        super().__init__(problem)
        self.problem = problem
        self.is_down = is_down


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A message of one plain text to one address. *id* is the same each time it is sent."""

    id: str
    to: str
    subject: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Server:
    scheme: str
    host: str
    port: int
    sender: str
    user: str = field(repr=False)
    password: str = field(repr=False)


def send_mail(mail: Mail, environment: Mapping[str, str]) -> None:
    """Send *mail*. Raises Unsent."""
    server = _server(environment)
    message = _message(mail, server.sender)
    problem, is_down = "", True
    try:
        with _connected(server) as smtp:
            if server.user:
                smtp.login(server.user, server.password)
            smtp.send_message(message, from_addr=server.sender, to_addrs=[mail.to])
            return
    # Servers repeat what they were sent in what they say, so that only their codes are kept.
    except (smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as error:
        code = (
            next(iter(error.recipients.values()))[0]
            if isinstance(error, smtplib.SMTPRecipientsRefused)
            else (error.smtp_code)
        )
        problem, is_down = f"the mail server did not take it: {code}", False
    except smtplib.SMTPAuthenticationError as error:
        problem = f"the mail server did not take the password: {error.smtp_code}"
    except smtplib.SMTPNotSupportedError:
        problem = "the mail server does not encrypt, or asks for no password"
    except smtplib.SMTPResponseException as error:
        problem = f"the mail server answered {error.smtp_code}"
    except ssl.SSLError as error:
        problem = f"the mail server is not who it should be: {type(error).__name__}"
    except (OSError, smtplib.SMTPException, ValueError) as error:
        problem = f"the mail server cannot be reached: {type(error).__name__}"
    # Raised out here, so that nothing of the message hangs on the exception as its context.
    raise Unsent(problem, is_down=is_down)


def _message(mail: Mail, sender: str) -> EmailMessage:
    message = EmailMessage(policy=SMTP_POLICY)
    # No header takes a line break: it would begin another one (rule 31).
    for name, value in (
        ("From", sender),
        ("To", mail.to),
        ("Subject", mail.subject),
        ("Message-ID", f"<{mail.id}@{sender.rpartition('@')[2]}>"),
        ("Auto-Submitted", "auto-generated"),
    ):
        if not value.isprintable():
            raise Unsent("a header would hold characters that none may hold", is_down=False)
        message[name] = value
    message.set_content(mail.text, cte="base64")
    return message


def _server(environment: Mapping[str, str]) -> _Server:
    """Return what the environment names. Raises Unsent, without a word of it: a password stands in it."""
    value = environment.get(MAIL_SERVER, "")
    if not value:
        raise Unsent(f"no mail server is named: set `{MAIL_SERVER}`", is_down=True)
    found = _read(value) if value.isascii() and value.isprintable() and " " not in value else None
    if found is None:
        form = "smtp+starttls://user:password@host:587?from=app@example.org"
        raise Unsent(f"`{MAIL_SERVER}` is not of the form {form}, or smtps://…", is_down=True)
    return found


def _read(value: str) -> _Server | None:
    try:
        url = urlsplit(value)
        port = url.port
        query = parse_qs(url.query, strict_parsing=True)
        (sender,) = query.pop("from")
        parse_email(sender)
    except (ValueError, KeyError, BadFormat):
        return None
    host = url.hostname or ""
    if url.scheme not in _PORTS or not _HOST.fullmatch(host) or url.path not in ("", "/") or url.fragment or query:
        return None
    return _Server(
        scheme=url.scheme,
        host=host,
        port=port or _PORTS[url.scheme],
        sender=sender,
        user=unquote(url.username or ""),
        password=unquote(url.password or ""),
    )


@contextmanager
def _connected(server: _Server) -> Iterator[smtplib.SMTP]:
    """Connect, encrypted, for no longer than one message takes."""
    context = ssl.create_default_context()
    # The name of this machine is nobody's business.
    if server.scheme == "smtps":
        smtp: smtplib.SMTP = smtplib.SMTP_SSL(
            server.host, server.port, local_hostname="localhost", timeout=_PATIENCE, context=context
        )
    else:
        smtp = smtplib.SMTP(server.host, server.port, local_hostname="localhost", timeout=_PATIENCE)
    watch = threading.Timer(_MOST_SECONDS, _cut, [smtp])
    watch.daemon = True
    watch.start()
    try:
        if server.scheme != "smtps":
            smtp.starttls(context=context)
        yield smtp
    finally:
        watch.cancel()
        smtp.close()


def _cut(smtp: smtplib.SMTP) -> None:
    """End a conversation that a server drags on."""
    if smtp.sock is not None:
        try:
            smtp.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # it has ended by itself
