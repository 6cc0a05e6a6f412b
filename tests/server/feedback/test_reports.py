"""Reports of other mail servers are read; what is none, or broken, is nothing."""

import base64
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.feedback.complaints import Complaint, FeedbackType, read_complaint
from server.feedback.delivery_reports import Action, DeliveryReport, RecipientReport, read_delivery_report
from server.feedback.parts import LARGEST
from tests.server.feedback.samples import ALL, COMPLAINT, DELAYED, INTERNATIONAL, POSTFIX, lines


def _report(content: bytes) -> DeliveryReport:
    report = read_delivery_report(content)
    assert report is not None
    return report


def test_a_message_that_could_not_be_delivered() -> None:
    diagnostic_code = "smtp; 550 5.1.1 <anna@example.net>: Recipient address    rejected: User unknown"
    assert _report(POSTFIX) == DeliveryReport(
        recipients=(
            RecipientReport(
                recipient="anna@example.net",
                original_recipient="anna.old@example.org",
                action=Action.FAILED,
                status="5.1.1",
                diagnostic_code=diagnostic_code,
            ),
        ),
        message_id="msg_7@example.com",
        return_path="bounce+7@bounce.example.com",
        envelope_id="msg_7",
    )
    assert read_complaint(POSTFIX) is None


def test_several_recipients_each_with_its_own_fate() -> None:
    """An unknown fate is left out, and a more exact status stands in the diagnostic code."""
    report = _report(DELAYED)
    assert [(each.recipient, each.action, each.status) for each in report.recipients] == [
        ("anna@example.net", Action.DELAYED, "4.4.1"),
        ("ben@example.net", Action.DELIVERED, "2.0.0"),
        ("carl@example.net", Action.FAILED, "5.2.2"),
    ]
    assert report.message_id == "msg_8@example.com"
    assert (report.return_path, report.envelope_id) == (None, None)


def test_addresses_in_other_letters() -> None:
    report = _report(INTERNATIONAL)
    assert [(each.recipient, each.status) for each in report.recipients] == [("grüße@example.net", "4.0.0")]
    assert report.message_id == "msg_9@example.com"


def test_a_complaint() -> None:
    assert read_complaint(COMPLAINT) == Complaint(
        feedback_type=FeedbackType.ABUSE,
        recipients=("anna@example.net", "ben@example.net"),
        message_id="8787KJKJ3K4J3K4J3K4J3.mail@example.com",
        return_path="bounce+9@bounce.example.com",
        provider="SomeGenerator/1.0",
    )
    assert read_delivery_report(COMPLAINT) is None


def test_a_complaint_of_another_kind() -> None:
    for value, kind in ((b"Not-Spam", FeedbackType.NOT_SPAM), (b"unheard", FeedbackType.OTHER)):
        complaint = read_complaint(COMPLAINT.replace(b"Feedback-Type: abuse", b"Feedback-Type: " + value))
        assert complaint is not None
        assert complaint.feedback_type is kind


def test_line_breaks_of_other_systems() -> None:
    assert _report(POSTFIX.replace(b"\r\n", b"\n")) == _report(POSTFIX)
    assert read_complaint(COMPLAINT.replace(b"\r\n", b"\n")) == read_complaint(COMPLAINT)


def test_a_part_in_base64() -> None:
    head, _, rest = POSTFIX.partition(b"Content-Type: message/delivery-status\r\n\r\n")
    body, delimiter, end = rest.partition(b"--4B2C41A3")
    coded = b"Content-Transfer-Encoding: BASE64\r\n\r\n" + base64.encodebytes(body)
    report = head + b"Content-Type: message/delivery-status\r\n" + coded + delimiter + end
    assert _report(report) == _report(POSTFIX)
    broken = report.replace(coded, b"Content-Transfer-Encoding: base64\r\n\r\nA\r\n")
    assert read_delivery_report(broken) is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\r\n\r\n",
        lines("Subject: Hello\n\nOut of office"),
        POSTFIX.replace(b"multipart/report", b"multipart/mixed"),
        POSTFIX.replace(b"message/delivery-status", b"text/plain"),
        POSTFIX.replace(b"Action: failed", b"Action: unheard"),
        POSTFIX.replace(b"boundary=", b"border="),
        POSTFIX.replace(b'boundary="4B2C41A3.1905249600/mx.example.net"', b'boundary=""'),
        POSTFIX.replace(b'boundary="', b"boundary*=undefined''x; c=\""),
        POSTFIX.replace(b'boundary="', b'boundary*=a; boundary*0=b; c="'),
        POSTFIX.replace(b"rfc822; anna@example.net", b"nobody").replace(b"Original-Recipient", b"X"),
        COMPLAINT.replace(b"Feedback-Type", b"Type"),
        POSTFIX + b" " * LARGEST,
    ],
    ids=range(13),
)
def test_what_is_no_report(content: bytes) -> None:
    assert read_delivery_report(content) is None
    assert read_complaint(content) is None


def _with_parts(many: int) -> bytes:
    delimiter = b"--4B2C41A3.1905249600/mx.example.net"
    return POSTFIX.replace(delimiter, (delimiter + b"\r\n\r\n") * many + delimiter, 1)


def test_a_report_has_no_more_than_so_many_parts() -> None:
    assert read_delivery_report(_with_parts(900)) is not None
    assert read_delivery_report(_with_parts(1000)) is None


def test_a_report_is_about_no_more_than_so_many_recipients() -> None:
    block = b"Final-Recipient: rfc822; anna@example.net\r\nAction: failed\r\n\r\n"
    many = POSTFIX.replace(b"Final-Recipient", block * 2000 + b"Final-Recipient")
    assert len(_report(many).recipients) == 1000


def _hostile() -> dict[str, bytes]:
    report = b"Content-Type: multipart/report; boundary=0\r\n\r\n"
    head = report + b"--0\r\nContent-Type: message/delivery-status\r\n\r\n"
    part = b"--%d\r\nContent-Type: multipart/mixed; boundary=%d\r\n\r\n"
    nested = report + b"".join(part % (number, number + 1) for number in range(300))
    room = LARGEST - len(head)
    return {
        "nested": nested + b"\n" * (LARGEST - len(nested)),
        "parameters": b"Content-Type: multipart/report" + b";" * (LARGEST - 30),
        "quotes": b"Content-Type: multipart/report" + b';"' * (LARGEST // 2 - 30),
        "lines": head + b"\n" * room,
        "spaces": head + b" \n" * (room // 2),
        "blocks": head + b"a:\n\n" * (room // 4),
        "fields": head + b"a:b\n" * (room // 4),
        "folds": head + b"a:b\n" + b" \n" * (room // 2 - 4),
        "delimiters": head + b"--0\n" * (room // 4),
        "returns": head + b"\r" * room,
        "digits": head + b"Final-Recipient: a@b\nAction: failed\nStatus: " + b"5." * 400_000,
    }


@pytest.mark.parametrize("name", list(_hostile()))
def test_the_time_is_bounded(name: str) -> None:
    """A report of 1 MB takes a part of a second, whatever it consists of."""
    content = _hostile()[name]
    assert len(content) <= LARGEST
    began = time.process_time()
    read_delivery_report(content)
    read_complaint(content)
    assert time.process_time() - began < 3


@st.composite
def _mutated(draw: st.DrawFn) -> bytes:
    """A report with some pieces left out, doubled, or replaced by others."""
    content = draw(st.sampled_from(ALL))
    others = st.sampled_from([b"", b"\r\n", b"\r\n\r\n", *(bytes([each]) for each in b':;-"\0=%<*/')])
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(content)))
        end = min(len(content), start + draw(st.integers(0, 200)))
        piece = draw(st.binary(max_size=20) | st.just(content[start:end] * 2) | others)
        content = content[:start] + piece + content[end:]
    return content


@given(_mutated() | st.binary(max_size=500))
def test_garbage_raises_nothing(content: bytes) -> None:
    report, complaint = read_delivery_report(content), read_complaint(content)
    assert report is None or 1 <= len(report.recipients) <= 1000
    found: list[Any] = [] if report is None else [each.recipient for each in report.recipients]
    found += [] if complaint is None else complaint.recipients
    assert all("@" in address and address.isprintable() for address in found)
