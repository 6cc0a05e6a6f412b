"""Lists of recipients that were uploaded."""

import datetime

import strawberry

from engine.declare.codecs import global_id
from engine.declare.declarations import column, entity, to_one
from models.base.ids import Kind
from models.sending.recipient_lists import recipient_lists
from resolvers.sending import recipient_lists as reads
from schema.fields.node import ID_DESCRIPTION, Node
from schema.fields.references import AccountRef


@entity(recipient_lists)
class RecipientList(Node):
    """Recipients that were uploaded by POST /recipients, for `sendPreview` and `sendReserve`."""

    id: strawberry.ID = column(codec=global_id(Kind.RECIPIENT_LIST), description=ID_DESCRIPTION)
    account: AccountRef | None = to_one(reads.account_of)
    recipients: int = column(description="How many would be sent to, once each.")
    created_at: datetime.datetime = column(description="When it was uploaded.")
    expires_at: datetime.datetime = column(description="Until when it can be sent to.")
