"""One SMTP exchange (RFC 5321) over STARTTLS or TLS, within a deadline, and what a server's answers mean.

It blocks, so it runs in a worker thread; the connection itself comes from the client that guards the network.
"""

import contextlib
import smtplib
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from email.message import EmailMessage
from typing import Final

from reconciler.sdk import HttpClient, TerminalError, TransientError
from reconciler_integrations.email.mail import outline
from reconciler_integrations.email.settings import EmailSettings

_PORTS: Final = {"starttls": 587, "tls": 465, "none": 25}


def send(mail: EmailMessage, settings: EmailSettings, client: HttpClient) -> list[str]:
    """Send `mail`; return the recipients that were refused while others were not.

    Raises TransientError for answers in 400, a broken or slow connection and TLS failures; TerminalError for answers
    in 500, a failed sign-in, and a server that has no STARTTLS.
    """
    port = settings.port or _PORTS[settings.security]
    where = f"{settings.host}:{port}"
    until = time.monotonic() + settings.timeout
    with client.open_socket(settings.host, port, settings.timeout, carries=outline(mail)) as connection:
        left = max(0.01, until - time.monotonic())
        with _ended_after(connection, left) as ended:
            try:
                return _exchange(connection, mail, settings, left)
            except (smtplib.SMTPException, OSError) as error:
                if ended.is_set():
                    raise TransientError(f"{where}: the mail was not taken within {settings.timeout:g} s") from None
                raise _steering(error, where) from None


def _exchange(connection: socket.socket, mail: EmailMessage, settings: EmailSettings, left: float) -> list[str]:
    server = _Server(connection, settings, left)
    try:
        if settings.security == "starttls":
            server.starttls(context=_context(settings))
        if settings.username is not None and settings.password is not None:
            server.login(settings.username, settings.password.reveal())
        return sorted(server.send_message(mail))
    finally:
        # Whether the mail was taken is known by now: a failing goodbye must not send it twice.
        with contextlib.suppress(smtplib.SMTPException, OSError):
            server.quit()
        server.close()


class _Server(smtplib.SMTP):
    """smtplib's client on a connection that is open already."""

    def __init__(self, connection: socket.socket, settings: EmailSettings, seconds: float) -> None:
        self._connection, self._settings = connection, settings
        own = str(connection.getsockname()[0])
        # An address literal (RFC 5321, section 4.1.3): our own name would take a look-up in the DNS, which may hang.
        name = f"[IPv6:{own}]" if ":" in own else f"[{own}]"
        super().__init__(settings.host.strip("[]"), 1, local_hostname=name, timeout=seconds)

    def _get_socket(self, host: str, _port: int, timeout: float) -> socket.socket:
        self._connection.settimeout(timeout)
        if self._settings.security != "tls":
            return self._connection
        return _context(self._settings).wrap_socket(self._connection, server_hostname=host)


def _context(settings: EmailSettings) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=settings.ca_file)
    except OSError as error:
        reason = error.strerror or "it holds no certificate"
        raise TransientError(f"the certificates in {settings.ca_file} cannot be used: {reason.lower()}") from None


@contextlib.contextmanager
def _ended_after(connection: socket.socket, seconds: float) -> Iterator[threading.Event]:
    """Shut the connection down after `seconds`: a timeout of smtplib is for each read, not for the whole."""
    ended = threading.Event()
    # A second descriptor of the connection, since a TLS handshake takes the first away from its object.
    spare = connection.dup()

    def end() -> None:
        ended.set()
        with contextlib.suppress(OSError):
            spare.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield ended
    finally:
        timer.cancel()
        spare.close()


def _steering(error: smtplib.SMTPException | OSError, where: str) -> TransientError | TerminalError:  # noqa: PLR0911 - a table
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        address, (code, text) = next(iter(error.recipients.items()))
        passing = any(400 <= answer[0] < 500 for answer in error.recipients.values())
        return _answered(f"{where} refused {address}", code, text, passing=passing)
    if isinstance(error, smtplib.SMTPAuthenticationError):
        passing = 400 <= error.smtp_code < 500
        return _answered(
            f"{where} refused the sign-in: check username and password", error.smtp_code, b"", passing=passing
        )
    if isinstance(error, smtplib.SMTPResponseException):
        passing = not 500 <= error.smtp_code < 600
        return _answered(f"{where} refused the mail", error.smtp_code, error.smtp_error, passing=passing)
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return TerminalError(f"{where} cannot do what the settings ask for: {error}")
    if isinstance(error, ssl.SSLCertVerificationError):
        return TransientError(
            f"{where}: the certificate was not accepted ({error.verify_message}); ca_file trusts another"
        )
    if isinstance(error, ssl.SSLError):
        return TransientError(f"{where}: the TLS handshake failed: {str(error.reason or 'protocol error').lower()}")
    return TransientError(f"{where}: the connection broke ({_told(str(error))})")


def _answered(what: str, code: int, text: bytes | str, *, passing: bool) -> TransientError | TerminalError:
    told = _told(text.decode("utf-8", "replace") if isinstance(text, bytes) else text)
    sentence = f"{what} ({code}{' ' + told if told else ''})"
    return TransientError(sentence) if passing else TerminalError(sentence)


def _told(text: str) -> str:
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= 200 else line[:199] + "…"
