"""The rows of the matrix for messages."""

from functools import partial

from models.base.ids import Kind
from models.messages.tables import MessageStatus
from models.sending.tables import SendStream
from tests.areas.messages.files import attachment_id, give_attachment
from tests.areas.sending.matrix import CAMPAIGN_SENDERS
from tests.authz.matrix.matrix_callers import MANAGERS, Stage, once
from tests.authz.matrix.matrix_rows import Mutation, NodeOf, Values, gated
from tests.world.messages import event, give_message, give_sender, mail, message_id, order

ACCOUNT_FIELDS = {
    "marketingMessages": ("CAMPAIGNS_READ", CAMPAIGN_SENDERS),
    "transactionalMessages": ("TRANSACTIONAL_READ", MANAGERS),
}

_EITHER = "CAMPAIGNS_SEND or TRANSACTIONAL_SEND"
"""The stream decides; what is tried here is marketing."""


async def _message(stage: Stage, stream: SendStream, status: MessageStatus = MessageStatus.WAITING) -> str:
    key = await give_message(stage.world, stage.account, stream=stream, status=status)
    return message_id(stage.account, key, stream)


async def _send(stage: Stage) -> Values:
    sender = await give_sender(stage.world, stage.account)
    given = [mail(once(), **{"from": sender})]
    return {"accountId": stage.account.id, "stream": "MARKETING", "messages": given}


async def _cancel(stage: Stage) -> Values:
    return {"messageId": await _message(stage, SendStream.MARKETING)}


async def _report(stage: Stage) -> Values:
    told = event(once(), await _message(stage, SendStream.MARKETING, MessageStatus.SENT))
    return {"accountId": stage.account.id, "stream": "MARKETING", "events": [told]}


async def _orders(stage: Stage) -> Values:
    told = order(once(), messageId=await _message(stage, SendStream.MARKETING, MessageStatus.SENT))
    return {"accountId": stage.account.id, "stream": "MARKETING", "orders": [told]}


_BY = gated("CAMPAIGNS_SEND", CAMPAIGN_SENDERS)

MUTATIONS = {
    "messageSend": Mutation(_EITHER, _BY, _send),
    "messageCancel": Mutation(_EITHER, _BY, _cancel),
    "messageEventsReport": Mutation(_EITHER, _BY, _report),
    "ordersReport": Mutation(_EITHER, _BY, _orders),
}


async def _file(stage: Stage) -> str:
    return attachment_id(stage.account, await give_attachment(stage.world, stage.account))


NODES = {
    Kind.ATTACHMENT: NodeOf(_file, CAMPAIGN_SENDERS),
    Kind.MARKETING_MESSAGE: NodeOf(partial(_message, stream=SendStream.MARKETING), CAMPAIGN_SENDERS),
    Kind.TRANSACTIONAL_MESSAGE: NodeOf(partial(_message, stream=SendStream.TRANSACTIONAL), MANAGERS),
}
