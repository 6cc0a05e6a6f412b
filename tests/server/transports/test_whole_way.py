"""Mail that is written, signed and handed over arrives as it was signed."""

import asyncio
import datetime
from dataclasses import dataclass, field, replace
from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP

from resolvers.domains.dkim import DkimKey
from resolvers.messages.transport import Envelope, Verdict
from server.transports.compose import compose
from server.transports.mail import Attachment, Mail, Mailbox
from server.transports.signing import DkimSigner
from server.transports.smtp import SmtpServer, SmtpTransport
from tests.server.transports.receiver import DOMAIN, Receiver

_NOW = datetime.datetime.now(datetime.UTC)
_MAIL = Mail(
    sender=Mailbox(f"us@{DOMAIN}", "Grüße, von uns"),
    recipient=Mailbox("anna@example.com", "Anna"),
    subject="Hello",
    message_id=f"1@{DOMAIN}",
    date=_NOW,
    text="Hello\n",
    unsubscribe_url=f"https://track.example.com/u/{'a' * 100}",
)

_MAILS = {
    "short": _MAIL,
    "empty": replace(_MAIL, text=""),
    "dots": replace(_MAIL, text=".\n..\n.a line\n\n.\n"),
    "no line break": replace(_MAIL, text="Hello"),
    "empty lines": replace(_MAIL, text="\n\nHello  \n \t\n\n\n"),
    "carriage returns": replace(_MAIL, text="one\rtwo\r\nthree\n\rfour"),
    "long lines": replace(_MAIL, text="x" * 5000 + "\n" + "ü" * 5000),
    "from": replace(_MAIL, text="From us\nFrom: us\n"),
    "other letters": replace(_MAIL, recipient=Mailbox("grüße@example.com", "Größe"), subject="Grüße " * 40),
    "many parts": replace(
        _MAIL,
        html="<p>Grüße\n.\n</p>",
        reply_to=Mailbox("reply@example.com"),
        attachments=[
            Attachment(name="Größe.pdf", type="application/pdf", content=bytes(range(256)) * 40),
            Attachment(name="a.txt", type="text/plain", content=b".\r\n.\n\n"),
        ],
    ),
}


@dataclass
class Mailbin:
    """Keeps what the server took."""

    taken: list[bytes] = field(default_factory=list)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.taken.append(envelope.content)
        return "250 Taken"


@pytest.mark.parametrize("name", list(_MAILS))
async def test_what_arrives_is_what_was_signed(name: str, key: DkimKey, receiver: Receiver) -> None:
    mail, mailbin = _MAILS[name], Mailbin()
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(mailbin, enable_SMTPUTF8=True, decode_data=False), "127.0.0.1", 0
    )
    transport = SmtpTransport(SmtpServer.of(f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}"))
    content = DkimSigner(DOMAIN, key.selector, key.private_key).sign(compose(mail), _NOW)
    envelope = Envelope(sender=f"bounce@{DOMAIN}", recipient=mail.recipient.address, content=content)
    async with server:
        assert (await transport.hand_over(envelope)).verdict is Verdict.ACCEPTED
        await transport.close()
    (arrived,) = mailbin.taken
    assert arrived == content
    assert await asyncio.to_thread(receiver.verifies, arrived)
    assert message_from_bytes(arrived, policy=default).defects == []
