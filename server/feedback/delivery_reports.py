"""Reports on what became of a message (DSN, RFC 3464)."""

import enum
from dataclasses import dataclass

from server.feedback.addresses import address_of, message_id_of
from server.feedback.parts import MOST_PARTS, Fields, read_report
from server.feedback.statuses import status_of

_TYPES = ("message/delivery-status", "message/global-delivery-status")


class Action(enum.Enum):
    """What the mail server that reports did with the message."""

    FAILED = "failed"
    DELAYED = "delayed"
    DELIVERED = "delivered"
    RELAYED = "relayed"
    EXPANDED = "expanded"


@dataclass(frozen=True, kw_only=True)
class RecipientReport:
    """What became of the message for one recipient.

    `recipient`: whom the server tried. `original_recipient`: whom the message was sent to, where another one
    was tried and the server knows. `status`: such as `5.1.1` (RFC 3463). `diagnostic_code`: what the
    recipient's own server said.
    """

    recipient: str
    original_recipient: str | None
    action: Action
    status: str | None
    diagnostic_code: str | None


@dataclass(frozen=True, kw_only=True)
class DeliveryReport:
    """`message_id`, `return_path`: of the message that it is about, without angle brackets. `envelope_id`: as
    the message was handed over with."""

    recipients: tuple[RecipientReport, ...]
    message_id: str | None
    return_path: str | None
    envelope_id: str | None


def read_delivery_report(content: bytes) -> DeliveryReport | None:
    """The report that a mail is. None: it is none, or nobody can read it."""
    report = read_report(content)
    part = None if report is None else report.part(*_TYPES)
    if report is None or part is None:
        return None
    blocks, original = part.blocks(), report.original()
    recipients = [each for each in map(_recipient, blocks) if each is not None]
    if not recipients:
        return None
    return DeliveryReport(
        recipients=tuple(recipients[:MOST_PARTS]),
        message_id=message_id_of(original),
        return_path=address_of(original.first("Return-Path")),
        envelope_id=blocks[0].first("Original-Envelope-Id"),
    )


def _recipient(block: Fields) -> RecipientReport | None:
    """None: the block is about the message as a whole, or says too little."""
    original = address_of(block.first("Original-Recipient"))
    recipient = address_of(block.first("Final-Recipient")) or original
    action = _action(block.first("Action"))
    if recipient is None or action is None:
        return None
    diagnostic_code = block.first("Diagnostic-Code")
    return RecipientReport(
        recipient=recipient,
        original_recipient=original,
        action=action,
        status=status_of(block.first("Status"), diagnostic_code),
        diagnostic_code=diagnostic_code,
    )


def _action(value: str | None) -> Action | None:
    """Servers write comments behind it: `failed (bad address)`."""
    words = (value or "").lower().split()
    return next((action for action in Action if words and action.value == words[0]), None)
