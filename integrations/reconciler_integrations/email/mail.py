"""From a `Message` to a mail: headers that nothing can be injected into, a text, and the same as simple HTML. Pure."""

from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from hashlib import sha256
from html import escape

from reconciler.sdk import Level, Message
from reconciler_integrations.email.settings import EmailSettings

_SUBJECT = 200
_TOLD = ("From", "To", "Cc", "Subject", "Importance", "References")
_HEADING = "padding-left: 8px; border-left: 4px solid"
_COLOURS = {Level.INFO: "#5b7083", Level.SUCCESS: "#2e7d4f", Level.WARNING: "#9a6b00", Level.ERROR: "#b3123f"}


def build_mail(message: Message, settings: EmailSettings, delivery: str, now: float) -> EmailMessage:
    """Return the mail; `delivery` makes its Message-ID, the same at every attempt, `now` is seconds since the epoch."""
    sender = _address(settings.sender)
    mail = EmailMessage(policy=SMTP)
    mail["From"] = sender
    mail["To"] = [_address(text) for text in settings.to]
    if settings.cc:
        mail["Cc"] = [_address(text) for text in settings.cc]
    mail["Subject"] = _header(f"{settings.subject_prefix}{message.title or message.text}")[:_SUBJECT] or "(no subject)"
    mail["Date"] = format_datetime(datetime.fromtimestamp(now, UTC))
    mail["Message-ID"] = f"<{delivery}@{sender.domain}>"
    if message.thread_key:
        thread = sha256(message.thread_key.encode("utf-8", "backslashreplace")).hexdigest()[:32]
        mail["In-Reply-To"] = mail["References"] = f"<thread-{thread}@{sender.domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    if message.severity is Level.ERROR:
        mail["Importance"] = "high"
    mail.set_content(_text(message), cte="quoted-printable")
    mail.add_alternative(_html(message), subtype="html", cte="quoted-printable")
    return mail


def outline(mail: EmailMessage) -> dict[str, str]:
    """Return what a mail says, by the names of its headers, with its text: for people who only rehearse sending it."""
    headers = {name.lower(): str(mail[name]) for name in _TOLD if name in mail}
    text = mail.get_body(("plain",))
    return {**headers, "text": text.get_content().replace("\r\n", "\n") if text is not None else ""}


def _address(text: str) -> Address:
    name, spec = parseaddr(text)
    return Address(display_name=_header(name), addr_spec=spec)


def _header(text: str) -> str:
    """Return one line without control characters: what a header may hold."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _text(message: Message) -> str:
    parts = [message.title, message.text]
    parts.append("\n".join(f"{field.title}: {field.value}" for field in message.fields))
    parts.append("\n".join(line for line in (message.url, message.image) if line))
    parts.append(f"— {message.author}" if message.author else "")
    return _sendable("\n\n".join(part.strip() for part in parts if part.strip()) + "\n")


def _html(message: Message) -> str:
    title = escape(message.title)
    if _linkable(message.url):
        title = f'<a href="{escape(message.url)}">{title or escape(message.url)}</a>'
    rows = "".join(
        f'<tr><th align="left" valign="top">{escape(field.title)}</th><td>{_broken(field.value)}</td></tr>'
        for field in message.fields
    )
    parts = [
        f'<h3 style="{_HEADING} {_COLOURS[message.severity]}">{title}</h3>' if title else "",
        *(f"<p>{_broken(paragraph)}</p>" for paragraph in message.text.split("\n\n") if paragraph.strip()),
        f'<table cellpadding="4">{rows}</table>' if rows else "",
        f'<p><img src="{escape(message.image)}" alt=""></p>' if _linkable(message.image) else "",
        f"<p>— {escape(message.author)}</p>" if message.author else "",
    ]
    return _sendable("<!doctype html><html><body>" + "".join(parts) + "</body></html>\n")


def _linkable(address: str) -> bool:
    return address.startswith(("http://", "https://"))


def _broken(text: str) -> str:
    return escape(text.strip()).replace("\n", "<br>")


def _sendable(text: str) -> str:
    """Return the text without lone surrogates, which have no form in UTF-8, and without NUL."""
    return text.encode("utf-8", "replace").decode().replace("\0", "")
