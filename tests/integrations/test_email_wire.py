"""email from the file to the wire: STARTTLS with signing in, by a password that is a reference, through the engine."""

import email
import email.policy
import socket
import ssl

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from reconciler.model.event import Event
from reconciler.testing import Harness

EVENT = Event("build.finished", "/ci", id="1", data={"job": "web", "status": "failed"})


class Mailbox:
    """Keeps mails, and whether each came over TLS."""

    def __init__(self):
        self.mails = []

    async def handle_DATA(self, server, session, envelope):
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.mails.append((mail["subject"], envelope.rcpt_tos, session.ssl is not None))
        return "250 taken"


@pytest.fixture
def authority():
    return trustme.CA()


@pytest.fixture
def mailbox():
    return Mailbox()


@pytest.fixture
def port(mailbox, authority):
    """A server that takes mail after STARTTLS and signing in alone."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(tls)

    def authenticate(server, session, envelope, mechanism, data):
        return AuthResult(success=data == LoginPassword(b"ci", b"t0ps3cret"), handled=False)

    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]

    class Loopback(Controller):
        def factory(self):
            return SMTP(self.handler, **self.SMTP_kwargs)

        def _create_server(self):
            return self.loop.create_server(self._factory_invoker, sock=listener)

    controller = Loopback(
        mailbox, hostname="127.0.0.1", port=port, ready_timeout=20, tls_context=tls, require_starttls=True, auth_required=True,
        authenticator=authenticate,
    )  # fmt: skip
    controller.start()
    yield port
    controller.stop()


@pytest.fixture
def deliver(port, authority, tmp_path):
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")

    def once(password, **more):
        with Harness() as harness:
            (harness.secrets / "smtp").write_text(password)
            settings = {
                "host": "localhost", "port": port, "from": "Builds <ci@example.com>", "to": ["ada@example.com"],
                "username": "ci", "password": {"secret": "file:smtp"}, "ca_file": str(tmp_path / "ca.pem"), **more,
            }  # fmt: skip
            message = {"title": "{{ event.data.job }} is red"}
            document = {"integration": "email", "name": "a", "settings": settings, "events": [{"type": "build.*"}]}
            harness.write("a.yaml", {**document, "message": message})
            harness.deliver(EVENT)
            return next(c for c in harness.config("email/a").conditions if c.type == "Delivering")

    return once


def test_mail_arrives_over_tls_with_the_message_of_the_configuration(deliver, mailbox):
    assert deliver("t0ps3cret").status == "True"
    assert mailbox.mails == [("web is red", ["ada@example.com"], True)]


def test_wrong_password_is_told_without_it_and_nothing_is_sent(deliver, mailbox):
    said = deliver("hunter2")
    assert (said.status, mailbox.mails) == ("False", [])
    assert said.message and "hunter2" not in said.message


def test_server_of_a_stranger_gets_neither_mail_nor_password(deliver, mailbox, tmp_path):
    trustme.CA().cert_pem.write_to_path(tmp_path / "other.pem")
    said = deliver("t0ps3cret", ca_file=str(tmp_path / "other.pem"))
    assert (said.status, mailbox.mails) == ("False", [])
    assert "certificate" in said.message
