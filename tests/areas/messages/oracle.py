"""The rows of the area `messages` in the tables that have one for each mutation, table or id."""

from models.base.ids import Kind
from models.messages.tables import MessageStatus
from models.sending.tables import SendStream
from tests.areas.messages.files import attachment_id, give_attachment
from tests.authz.escalation.statuses import NEEDS_ACTIVE, TAKES_AWAY, Row
from tests.authz.rules.consequences import NO_CONSEQUENCE, Pays, does
from tests.bad_input.place import Place
from tests.bad_input.values import Input
from tests.storage.growth import Bound, Growth, deleted, one_each
from tests.storage.tree import Tree
from tests.world.messages import (
    event,
    give_event,
    give_message,
    give_order,
    give_queue,
    give_sender,
    give_sms_sender,
    mail,
    message_id,
    order,
)
from tests.world.world import Account, World

CONSEQUENCES = {
    "messageSend": does(Pays.POOL),
    "messageCancel": NO_CONSEQUENCE,
    "messageEventsReport": NO_CONSEQUENCE,
    "ordersReport": NO_CONSEQUENCE,
}


STATUSES = {
    "messageSend": Row(NEEDS_ACTIVE),
    "messageCancel": Row(TAKES_AWAY),
    "messageEventsReport": Row(TAKES_AWAY),
    "ordersReport": Row(TAKES_AWAY),
}


_MONTHS = Bound(Growth.SWEPT, "a month at a time, after 13 months or as many as the deployment says")

BOUNDS = {
    "messages": _MONTHS,
    "message_bodies": _MONTHS,
    "message_attachments": _MONTHS,
    "attachments": deleted("2 days after the upload, or longer where a message waits for its time"),
    "message_keys": deleted("7 days, while a key counts"),
    "message_events": Bound(Growth.SWEPT, "with the months of their messages"),
    "order_keys": deleted("a year after the order, which is not taken in any more then"),
    "delivery_queues": one_each("an account"),
    "sms_senders": one_each("name or number that an account's SMS came from"),
}


def inputs(place: Place) -> dict[str, Input]:
    """An input that works for each mutation, with a value for every field."""
    header = {"name": "X-Order", "value": "7"}
    message = mail("7") | {"html": "<p>Hello</p>", "replyTo": "help@example.com", "headers": [header]}
    message |= {"templateId": None, "mostParts": None, "variables": None, "from": None, "sendAt": None}
    message["attachments"] = [{"attachmentId": place.objects[Kind.ATTACHMENT], "contentId": "logo"}]
    return {
        "messageSend": {"accountId": place.account.id, "stream": "MARKETING", "label": "Spring"}
        | {"messages": [message]},
        "messageEventsReport": {
            "accountId": place.account.id,
            "stream": "MARKETING",
            "events": [
                event("7", place.objects[Kind.MARKETING_MESSAGE], "SOFT_BOUNCE")
                | {"status": "4.2.2", "diagnostic": "Full", "url": None}
                | {"reservationId": None, "recipient": None}
            ],
        },
        "ordersReport": {
            "accountId": place.account.id,
            "stream": "TRANSACTIONAL",
            "orders": [
                order("7", messageId=place.objects[Kind.TRANSACTIONAL_MESSAGE])
                | {"campaignId": None, "label": None, "channel": None}
            ],
        },
        "messageCancel": {"messageId": place.objects[Kind.TRANSACTIONAL_MESSAGE]},
    }


ID_FIELDS = {"messageId": Kind.TRANSACTIONAL_MESSAGE, "attachmentId": Kind.ATTACHMENT}


async def give_objects(world: World, account: Account) -> dict[Kind, str]:
    """An object of each kind of id that the area has."""
    await give_sender(world, account)
    marketing = SendStream.MARKETING
    sent = await give_message(world, account, stream=marketing, status=MessageStatus.SENT)
    return {
        Kind.ATTACHMENT: attachment_id(account, await give_attachment(world, account)),
        Kind.TRANSACTIONAL_MESSAGE: message_id(account, await give_message(world, account)),
        Kind.MARKETING_MESSAGE: message_id(account, sent, marketing),
    }


async def give_rows(world: World, tree: Tree) -> None:
    """A row in each of the area's tables."""
    message = await give_message(world, tree.master)
    await give_event(world, tree.master, message)
    await give_attachment(world, tree.master, message)
    await give_order(world, tree.master)
    await give_queue(world, tree.master)
    await give_sms_sender(world, tree.master, "Verdant")
