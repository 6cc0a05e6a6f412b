"""Ids of messages. An id names the stream, which decides who may see the message."""

from authz.policy.permissions import Permission
from authz.policy.refusals import NotFound
from models.base.ids import IdInAccount, Kind, parse_in_account
from models.sending.tables import SendStream

KINDS = {
    SendStream.MARKETING: Kind.MARKETING_MESSAGE,
    SendStream.TRANSACTIONAL: Kind.TRANSACTIONAL_MESSAGE,
}

READ_PERMISSIONS = {
    SendStream.MARKETING: Permission.CAMPAIGNS_READ,
    SendStream.TRANSACTIONAL: Permission.TRANSACTIONAL_READ,
}
"""What it takes to see messages of a stream."""


def required_message(text: str, field: str) -> tuple[SendStream, IdInAccount]:
    """The id in a command. Raises NotFound for text that is no id of a message."""
    for stream, kind in KINDS.items():
        found = parse_in_account(kind, text)
        if found is not None:
            return stream, found
    raise NotFound(field)
