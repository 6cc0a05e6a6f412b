"""An account of a test's own that can send."""

import datetime
from dataclasses import dataclass
from typing import Any

from models.messages.tables import MessageStatus
from resolvers.messages.store import TRIED_FOR
from tests.world.messages import give_message, message_id
from tests.world.world import Account, Member, World


@dataclass(frozen=True)
class Shop:
    """A subaccount that can send: its address, and who sends."""

    master: Account
    account: Account
    sender: str
    owner: Member


_LONG_AGO = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=400)


async def old_message(world: World, account: Account, to: str = "ann@example.com", **more: Any) -> str:
    """One that was handed over long ago, unless it is said otherwise."""
    more = {"status": MessageStatus.SENT, "expires_at": _LONG_AGO + TRIED_FOR, **more}
    return message_id(account, await give_message(world, account, to, **more))
