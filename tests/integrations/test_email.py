"""email, against aiosmtpd with real STARTTLS."""

import email
import email.policy
import socket
import ssl
import threading
import time

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from reconciler.model.errors import NetworkRefused, TerminalError, TransientError
from reconciler.model.event import Event
from reconciler.model.secret import Secret


class Mailbox:
    """An SMTP server's handler: keeps mails, and refuses what it is told to."""

    def __init__(self) -> None:
        self.envelopes = []
        self.refuse: dict[str, str] = {}
        self.data_answer = "250 taken"

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if self.data_answer.startswith("250"):
            self.envelopes.append(envelope)
        return self.data_answer

    def mail(self):
        (envelope,) = self.envelopes
        return email.message_from_bytes(envelope.content, policy=email.policy.default)


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture(scope="module")
def ca_file(authority, tmp_path_factory):
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return str(path)


@pytest.fixture
def tls(authority):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    return context


@pytest.fixture
def mailbox():
    return Mailbox()


@pytest.fixture
def smtp(mailbox):
    """Start a server: `smtp(tls_context=…)` with STARTTLS; return its settings."""
    running = []

    def start(**options):
        listener = socket.create_server(("127.0.0.1", 0))
        port = listener.getsockname()[1]

        class Loopback(Controller):
            def factory(self):
                return SMTP(self.handler, **self.SMTP_kwargs)

            def _create_server(self):
                return self.loop.create_server(self._factory_invoker, sock=listener)

        controller = Loopback(mailbox, hostname="127.0.0.1", port=port, ready_timeout=20, **options)
        controller.start()
        running.append(controller)
        return {"host": "localhost", "port": port, "from": "Builds <ci@example.com>", "to": ["a@example.com"]}

    yield start
    for controller in running:
        controller.stop()


@pytest.fixture
def plain(smtp):
    return {**smtp(), "security": "none"}


@pytest.fixture
def mailer(bench):
    return bench("email")


def test_mail_is_sent_over_starttls_after_signing_in(mailer, smtp, mailbox, tls, ca_file, failed_build):
    seen = []

    def authenticate(server, session, envelope, mechanism, data):
        seen.append((session.ssl is not None, data))
        return AuthResult(success=data == LoginPassword(b"ci", b"t0ps3cret"))

    settings = smtp(tls_context=tls, require_starttls=True, auth_required=True, authenticator=authenticate)
    mailer.deliver(failed_build, {**settings, "ca_file": ca_file, "username": "ci", "password": Secret("t0ps3cret")})

    assert mailbox.mail()["subject"] == "Build finished: web"
    assert seen == [(True, LoginPassword(b"ci", b"t0ps3cret"))]


def test_mail_reads_well(mailer, plain, mailbox, failed_build):
    settings = {
        **plain,
        "to": ["a@example.com", "Bö <b@example.com>"],
        "cc": ["c@example.com"],
        "subject_prefix": "[ci] ",
    }

    mailer.deliver(
        failed_build, settings, message={"title": "{{ event.data.job }} is red", "text": "Zeile <1>\n\nüber"}
    )

    mail = mailbox.mail()
    assert mail["subject"] == "[ci] web is red"
    assert (mail["from"], mail["cc"]) == ("Builds <ci@example.com>", "c@example.com")
    assert "Bö <b@example.com>" in str(mail["to"])
    assert mailbox.envelopes[0].rcpt_tos == ["a@example.com", "b@example.com", "c@example.com"]
    text = mail.get_body(("plain",)).get_content().replace("\r\n", "\n")
    assert text.startswith("web is red\n\nZeile <1>\n\nüber\n\nJob: web\n")
    html = mail.get_body(("html",)).get_content()
    assert '<a href="https://ci.example.com/1">web is red</a>' in html
    assert "<p>Zeile &lt;1&gt;</p><p>über</p>" in html
    assert mail["importance"] == "high" and mail["auto-submitted"] == "auto-generated"


def test_attempts_share_a_message_id(mailer, plain, mailbox, failed_build):
    for event in (failed_build, failed_build, Event("a", "b")):
        mailer.deliver(event, plain)

    first, second, other = (email.message_from_bytes(e.content)["message-id"] for e in mailbox.envelopes)
    assert first == second != other
    assert first.endswith("@example.com>")


def test_thread_key_makes_a_conversation(mailer, plain, mailbox, failed_build):
    mailer.deliver(failed_build, plain, message={"thread_key": "web"})

    assert mailbox.mail()["references"] == mailbox.mail()["in-reply-to"] is not None


@pytest.mark.parametrize(
    "title", ["a\r\nBcc: evil@example.com", "a\nBcc: evil@example.com", "a\x00\x0bBcc: x@y", "a\u2028Bcc: b"]
)
def test_header_cannot_be_injected(mailer, plain, mailbox, title):
    mailer.deliver(Event("a", "b", data={"t": title}), plain, message={"title": "{{ event.data.t }}"})

    assert mailbox.mail()["bcc"] is None
    assert mailbox.mail()["subject"].startswith("a Bcc: ")
    assert mailbox.envelopes[0].rcpt_tos == ["a@example.com"]


def test_html_is_escaped(mailer, plain, mailbox):
    data = {"t": "<script>", "u": 'https://x.example/"><script>'}

    mailer.deliver(
        Event("a", "b", data=data),
        plain,
        message={
            "title": "{{ event.data.t }}",
            "url": "{{ event.data.u }}",
            "image": "javascript:alert(1)",
            "fields": [{"title": "{{ event.data.t }}", "value": "{{ event.data.t }}"}],
        },
    )

    html = mailbox.mail().get_body(("html",)).get_content()
    assert "<script>" not in html and "javascript" not in html


def test_text_of_any_kind_is_sent(mailer, plain, mailbox):
    mailer.deliver(Event("a", "b", data={"text": "\ud800 lone\0 🐎 " + "x" * 2000 + "\n.\n."}), plain)

    text = mailbox.mail().get_body(("plain",)).get_content().replace("\r\n", "\n")
    assert "lone 🐎 xxx" in text and text.rstrip().endswith(".\n.")


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ("451 try again later", TransientError),
        ("421 too busy", TransientError),
        ("550 no such user", TerminalError),
        ("554 we do not like you", TerminalError),
    ],
)
def test_answer_to_the_mail_steers(mailer, plain, mailbox, failed_build, answer, kind):
    mailbox.data_answer = answer

    with pytest.raises(kind, match=f"refused the mail \\({answer[:3]}"):
        mailer.deliver(failed_build, plain)


@pytest.mark.parametrize(("answer", "kind"), [("450 greylisted", TransientError), ("550 unknown", TerminalError)])
def test_refused_recipient_steers(mailer, plain, mailbox, failed_build, answer, kind):
    mailbox.refuse = {"a@example.com": answer}

    with pytest.raises(kind, match=rf"refused a@example\.com \({answer}\)"):
        mailer.deliver(failed_build, plain)


def test_one_refused_recipient_among_others_is_a_warning(mailer, plain, mailbox, failed_build, caplog):
    mailbox.refuse = {"a@example.com": "550 unknown"}

    mailer.deliver(failed_build, {**plain, "cc": ["b@example.com"]})

    assert mailbox.envelopes[0].rcpt_tos == ["b@example.com"]
    assert "1 of the recipients were refused" in caplog.text


def test_failed_sign_in_is_terminal(mailer, smtp, tls, ca_file, failed_build):
    def refuse(*_args):
        return AuthResult(success=False, handled=False)

    settings = smtp(tls_context=tls, auth_required=True, authenticator=refuse)

    with pytest.raises(TerminalError, match="refused the sign-in: check username and password") as caught:
        mailer.deliver(
            failed_build, {**settings, "ca_file": ca_file, "username": "ci", "password": Secret("t0ps3cret")}
        )
    assert "t0ps3cret" not in str(caught.value)


def test_server_without_starttls_is_terminal(mailer, smtp, mailbox, failed_build):
    with pytest.raises(TerminalError, match="STARTTLS"):
        mailer.deliver(failed_build, smtp())
    assert mailbox.envelopes == []


def test_untrusted_certificate_is_transient(mailer, smtp, mailbox, tls, failed_build):
    with pytest.raises(TransientError, match="the certificate was not accepted"):
        mailer.deliver(failed_build, smtp(tls_context=tls))
    assert mailbox.envelopes == []


def test_nobody_listening_is_transient(mailer, failed_build):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen: nobody else can, as long as it is open
        port = taken.getsockname()[1]
        with pytest.raises(TransientError, match="cannot connect"):
            mailer.deliver(failed_build, {"host": "127.0.0.1", "port": port, "from": "a@b.c", "to": ["d@e.f"]})


def test_dripping_server_ends_at_the_deadline(mailer, failed_build):
    stop = threading.Event()

    def drip(listener):
        connection, _ = listener.accept()
        with connection:
            while not stop.wait(0.01):
                try:
                    connection.sendall(b"220-wait\r\n")
                except OSError:
                    return

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=drip, args=(listener,), daemon=True)
        thread.start()
        settings = {"host": "127.0.0.1", "port": listener.getsockname()[1], "from": "a@b.c", "to": ["d@e.f"]}
        started = time.monotonic()
        with pytest.raises(TransientError, match=r"not taken within 0\.3 s"):
            mailer.deliver(failed_build, {**settings, "timeout": "300ms"})
        assert time.monotonic() - started < 15
        stop.set()
        thread.join(5)


def test_metadata_address_is_refused(mailer, failed_build):
    with pytest.raises(NetworkRefused):
        mailer.deliver(failed_build, {"host": "169.254.169.254", "from": "a@b.c", "to": ["d@e.f"]})


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"to": []}, id="nobody"),
        pytest.param({"to": ["not an address"]}, id="not an address"),
        pytest.param({"to": ["a..b@example.com"]}, id="an address that no server takes"),
        pytest.param({"from": "a@b.c\nBcc: d@e.f"}, id="a line break"),
        pytest.param({"username": "ci"}, id="a name without a password"),
        pytest.param({"security": "none", "username": "ci", "password": Secret("x")}, id="a password in the clear"),
        pytest.param({"host": "http://smtp.example.com"}, id="an address for a host"),
    ],
)
def test_settings_are_refused(mailer, change):
    with pytest.raises(ValueError):
        mailer.config({"host": "h", "from": "a@b.c", "to": ["d@e.f"], **change})
