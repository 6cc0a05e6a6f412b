"""Complaints about messages (ARF, RFC 5965): a reader said that it is spam."""

import enum
from dataclasses import dataclass

from server.feedback.addresses import address_of, message_id_of
from server.feedback.parts import read_report

_TYPE = "message/feedback-report"
_MOST_RECIPIENTS = 100


class FeedbackType(enum.Enum):
    """What the reader, or the mail provider, says of the message. OTHER: also what is not known here."""

    ABUSE = "abuse"
    FRAUD = "fraud"
    VIRUS = "virus"
    NOT_SPAM = "not-spam"
    OPT_OUT = "opt-out"
    AUTH_FAILURE = "auth-failure"
    OTHER = "other"


@dataclass(frozen=True, kw_only=True)
class Complaint:
    """`recipients`: to whom the message was sent; many providers leave them out. `message_id`, `return_path`:
    of the message. `provider`: the program that reports."""

    feedback_type: FeedbackType
    recipients: tuple[str, ...]
    message_id: str | None
    return_path: str | None
    provider: str | None


def read_complaint(content: bytes) -> Complaint | None:
    """The complaint that a mail is. None: it is none, or nobody can read it."""
    report = read_report(content)
    part = None if report is None else report.part(_TYPE)
    blocks = [] if part is None else part.blocks()
    feedback_type = blocks[0].first("Feedback-Type") if blocks else None
    if report is None or feedback_type is None:
        return None
    fields, original = blocks[0], report.original()
    recipients = [address_of(each) for each in fields.all("Original-Rcpt-To")[:_MOST_RECIPIENTS]]
    return Complaint(
        feedback_type=_feedback_type(feedback_type),
        recipients=tuple(each for each in recipients if each is not None),
        message_id=message_id_of(original),
        return_path=address_of(fields.first("Original-Mail-From") or original.first("Return-Path")),
        provider=fields.first("User-Agent"),
    )


def _feedback_type(value: str) -> FeedbackType:
    try:
        return FeedbackType(value.lower())
    except ValueError:
        return FeedbackType.OTHER
