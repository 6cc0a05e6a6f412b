"""Taking in a mail that came back: what it reports, of which message, and what follows."""

import asyncio
import enum
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from engine.writes.sessions import WriteSessions
from models.messages.events import MessageEventKind
from models.suppressions.tables import BounceKind
from resolvers.messages.events.returned import Returned, take_returned
from resolvers.messages.tracking.references import Reference, ReferenceSigner
from resolvers.messages.tracking.signers import SignerSource
from resolvers.sealing.keyring import KeyringSource
from server.feedback.addresses import address_of
from server.feedback.complaints import Complaint, FeedbackType, read_complaint
from server.feedback.delivery_reports import Action, DeliveryReport, RecipientReport, read_delivery_report
from server.feedback.parts import head_of
from server.feedback.statuses import bounce_kind

_ADDRESSED_TO = ("Delivered-To", "X-Original-To", "To")
_MOST_ADDRESSES = 20
_MEANINGS = {
    FeedbackType.ABUSE: MessageEventKind.COMPLAINT,
    FeedbackType.FRAUD: MessageEventKind.COMPLAINT,
    FeedbackType.VIRUS: MessageEventKind.COMPLAINT,
    FeedbackType.OTHER: MessageEventKind.COMPLAINT,
    FeedbackType.OPT_OUT: MessageEventKind.UNSUBSCRIBE,
}
"""Others say nothing of a recipient's wishes."""
_BOUNCES = {
    BounceKind.HARD: MessageEventKind.HARD_BOUNCE,
    BounceKind.SOFT: MessageEventKind.SOFT_BOUNCE,
}


class TakenAs(enum.Enum):
    """What became of a mail. Whatever it is, to send it again changes nothing."""

    RECORDED = "It was recorded."
    KNOWN = "It was known before. Nothing was changed."
    NOTHING = "The report says nothing that is recorded. Nothing was changed."
    OF_NOBODY = "It is a report, but of no message of ours. Nothing was changed."
    NO_REPORT = "It is no report. Nothing was changed."


@dataclass(frozen=True)
class Taken:
    """`events`: the kinds of what was recorded."""

    outcome: TakenAs
    events: Sequence[MessageEventKind] = ()


@dataclass(frozen=True)
class FeedbackIntake:
    """Of one process."""

    sessions: WriteSessions
    signers: SignerSource
    keyring: KeyringSource

    async def take(self, content: bytes) -> Taken:
        """Record what the mail reports. Raises SECRETS_UNAVAILABLE, and what the database raises."""
        signer = self.signers().references
        report = await asyncio.to_thread(_read, content)
        if report is None:
            return Taken(TakenAs.NO_REPORT)
        reference = _reference(signer, content, report)
        if reference is None:
            return Taken(TakenAs.OF_NOBODY)
        async with self.sessions.begin() as session:
            found = await take_returned(session, reference, list(_returned(report)), self.keyring)
        if found is None:
            return Taken(TakenAs.OF_NOBODY)
        new = [event.kind for event in found if event.is_new]
        if new:
            return Taken(TakenAs.RECORDED, new)
        return Taken(TakenAs.KNOWN if found else TakenAs.NOTHING)


def _read(content: bytes) -> DeliveryReport | Complaint | None:
    return read_delivery_report(content) or read_complaint(content)


def _reference(
    signer: ReferenceSigner, content: bytes, report: DeliveryReport | Complaint
) -> Reference | None:
    """The message, by the address that the report came to, or by what the report says of the message."""
    head = head_of(content)
    texts = [address_of(each) for name in _ADDRESSED_TO for each in head.all(name)[:_MOST_ADDRESSES]]
    texts += [report.return_path, report.message_id]
    if isinstance(report, DeliveryReport):
        texts.append(report.envelope_id)
    found = (signer.read(text) for text in texts if text is not None)
    return next((reference for reference in found if reference is not None), None)


def _returned(report: DeliveryReport | Complaint) -> Iterator[Returned]:
    if isinstance(report, Complaint):
        kind = _MEANINGS.get(report.feedback_type)
        # Many providers make the recipient unreadable, so it is not asked for.
        if kind is not None:
            yield Returned(kind=kind)
        return
    for each in report.recipients:
        kind = _kind_of(each)
        if kind is not None:
            named = [text for text in (each.original_recipient, each.recipient) if text is not None]
            yield Returned(kind=kind, recipients=named, status=each.status, diagnostic=each.diagnostic_code)


def _kind_of(report: RecipientReport) -> MessageEventKind | None:
    """None: the server goes on trying, or does not know what became of it."""
    match report.action:
        case Action.DELIVERED:
            return MessageEventKind.DELIVERED
        case Action.FAILED:
            return _BOUNCES[bounce_kind(report.status)]
        case _:
            return None
