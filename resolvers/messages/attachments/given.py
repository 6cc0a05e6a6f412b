"""Files that a message of a request names."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from authz.policy.refusals import NotFound, Refusal, RefusalCode
from models.base.ids import AccountId, AttachmentId, Kind, parse_in_account
from models.messages.attachments import LONGEST_CONTENT_ID, MOST_OF_A_MESSAGE

_CONTENT_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*(@[A-Za-z0-9][A-Za-z0-9.-]*)?")


@dataclass(frozen=True, kw_only=True)
class GivenAttachment:
    """A file, as it was given."""

    attachment_id: str
    content_id: str | None


@dataclass(frozen=True)
class NamedFile:
    """A file of the account that sends. `content_id`: by which the HTML shows it."""

    id: AttachmentId
    content_id: str | None


def read_attachments(account_id: AccountId, given: Sequence[GivenAttachment]) -> Sequence[NamedFile]:
    """The files. Raises BAD_USER_INPUT, and NOT_FOUND for what is no id of a file of the account."""
    if len(given) > MOST_OF_A_MESSAGE:
        raise _bad(f"Give at most {MOST_OF_A_MESSAGE}.", "attachments")
    found: list[NamedFile] = []
    for index, each in enumerate(given):
        file, place = _read(account_id, each, place_of(index)), place_of(index)
        if any(file.id == other.id for other in found):
            raise _bad("Each file can be given once.", place)
        if file.content_id is not None and any(file.content_id == other.content_id for other in found):
            raise _bad("Two files have this `contentId`.", place)
        found.append(file)
    return found


def place_of(index: int) -> str:
    """The field of a message that this file is in."""
    return f"attachments.{index}"


def _read(account_id: AccountId, given: GivenAttachment, place: str) -> NamedFile:
    named = parse_in_account(Kind.ATTACHMENT, given.attachment_id)
    if named is None or named.account_id != account_id:
        raise NotFound(place)
    content_id = given.content_id
    if content_id is not None and (
        len(content_id) > LONGEST_CONTENT_ID or _CONTENT_ID.fullmatch(content_id) is None
    ):
        message = (
            f"A `contentId` has 1 to {LONGEST_CONTENT_ID} letters, digits, dots, underscores, plus signs and "
            "hyphens, and may have an @ between them."
        )
        raise _bad(message, place)
    return NamedFile(AttachmentId(named.id), content_id)


def _bad(message: str, field: str) -> Refusal:
    return Refusal(RefusalCode.BAD_USER_INPUT, message, field)
