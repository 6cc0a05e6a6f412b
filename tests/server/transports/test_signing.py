"""Signed mail, verified by dkimpy as a receiver does, with the key that DNS has."""

import asyncio
import datetime
from concurrent.futures import ThreadPoolExecutor
from email import message_from_bytes

import pytest

from resolvers.domains.dkim import DkimKey, NewDkimKey
from server.transports.signing import DkimSigner
from tests.server.transports.receiver import DOMAIN, Receiver

_NOW = datetime.datetime.now(datetime.UTC)  # dkimpy verifies nothing that was signed in the future

_MAIL = (
    b"Subject: A long subject that the mail program\r\n\tfolds into two lines\r\n"
    b"From: Us <us@xn--gre-hoa8b.example>\r\n"
    b"To: anna@example.com\r\n"
    b"Date: Fri, 17 May 2030 12:00:00 +0000\r\n"
    b"Message-ID: <1@xn--gre-hoa8b.example>\r\n"
    b"MIME-Version: 1.0\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\n"
    b"Content-Transfer-Encoding: 8bit\r\n"
    b"Reply-To: reply@example.com\r\n"
    b"List-Unsubscribe: <https://track.example/u/1>\r\n"
    b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
    b"X-Other: not signed\r\n"
    b"\r\n"
    b"Gr\xc3\xbc\xc3\x9fe  \r\n\r\n. ends\r\n\r\n\r\n"
)
_SIGNED = [
    "from",
    "to",
    "subject",
    "date",
    "message-id",
    "mime-version",
    "content-type",
    "reply-to",
    "list-unsubscribe",
    "list-unsubscribe-post",
]


def _signed(key: DkimKey, content: bytes = _MAIL) -> bytes:
    return DkimSigner(DOMAIN, key.selector, key.private_key).sign(content, _NOW)


def _tags(content: bytes) -> dict[str, str]:
    header = "".join(str(message_from_bytes(content)["DKIM-Signature"]).split())
    return dict(tag.split("=", 1) for tag in header.split(";"))


def test_a_receiver_verifies_it(receiver: Receiver, key: DkimKey) -> None:
    content = _signed(key)
    assert content.endswith(_MAIL)
    assert receiver.verifies(content)
    assert not receiver.verifies(_MAIL)


def test_it_is_verified_after_servers_folded_it_anew(receiver: Receiver, key: DkimKey) -> None:
    content = (
        _signed(key).replace(b"program\r\n\tfolds", b"program   folds").replace(b"From: ", b"FROM:\r\n  ")
    )
    assert receiver.verifies(content.replace(b"From: ", b"FROM:\r\n  "))


@pytest.mark.parametrize("name", _SIGNED)
def test_a_changed_header_fails(receiver: Receiver, key: DkimKey, name: str) -> None:
    content = _signed(key)
    mail = message_from_bytes(content)
    value = str(mail[name]).encode()
    changed = content.replace(value, value + b"x")
    assert changed != content
    assert not receiver.verifies(changed)


def test_a_header_that_is_not_signed_may_change(receiver: Receiver, key: DkimKey) -> None:
    assert receiver.verifies(_signed(key).replace(b"not signed", b"changed"))


@pytest.mark.parametrize(
    "changed", [b"Gr\xc3\xbc\xc3\x9fe ", b"Gr\xc3\xbc\xc3\x9fE  ", b"more Gr\xc3\xbc\xc3\x9fe  "]
)
def test_a_changed_body_fails(receiver: Receiver, key: DkimKey, changed: bytes) -> None:
    assert not receiver.verifies(_signed(key).replace(b"Gr\xc3\xbc\xc3\x9fe  ", changed))


def test_a_second_from_fails(receiver: Receiver, key: DkimKey) -> None:
    other = b"From: Somebody else <else@example.org>\r\n"
    assert _tags(_signed(key))["h"].split(":").count("from") == 2
    assert not receiver.verifies(other + _signed(key))
    assert not receiver.verifies(_signed(key).replace(b"X-Other", other + b"X-Other"))


def test_the_key_of_another_domain_fails(receiver: Receiver, key: DkimKey) -> None:
    other = asyncio.run(NewDkimKey().made())
    content = DkimSigner(DOMAIN, key.selector, other.private_key).sign(_MAIL, _NOW)
    assert not receiver.verifies(content)


def test_what_the_signature_says(key: DkimKey) -> None:
    tags = _tags(_signed(key))
    assert tags["h"].split(":") == ["from", *_SIGNED]
    assert (tags["d"], tags["s"], tags["a"]) == (DOMAIN, key.selector, "rsa-sha256")
    assert int(tags["t"]) == int(_NOW.timestamp())
    assert "l" not in tags
    assert max(len(line) for line in _signed(key).split(b"\r\n")) <= 100


def test_headers_that_the_mail_has_not_are_not_named(receiver: Receiver, key: DkimKey) -> None:
    content = _signed(key, b"From: us@example.com\r\n\r\n")
    assert _tags(content)["h"] == "from:from"
    assert receiver.verifies(content)


def test_a_mail_without_from_is_not_signed(key: DkimKey) -> None:
    with pytest.raises(ValueError, match="From"):
        _signed(key, b"To: anna@example.com\r\n\r\n")


def test_many_may_sign_at_once(receiver: Receiver, key: DkimKey) -> None:
    signer = DkimSigner(DOMAIN, key.selector, key.private_key)
    mails = [_MAIL + f"{number}\r\n".encode() for number in range(20)]
    with ThreadPoolExecutor(4) as threads:
        for content in threads.map(lambda mail: signer.sign(mail, _NOW), mails):
            assert receiver.verifies(content)
