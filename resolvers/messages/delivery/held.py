"""Campaigns whose messages wait: they are paused or canceled, or it is a quiet hour of their account."""

import datetime
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    FromClause,
    Uuid,
    all_,
    any_,
    bindparam,
    func,
    literal,
    or_,
    select,
    true,
)

from engine.writes.fixed_statements import FixedStatement
from engine.writes.sessions import WriteSession
from models.base.ids import AccountId, CampaignId, MasterId
from models.campaigns.tables import UNTIL_RELEASED, campaigns

HELD = datetime.timedelta(minutes=10)
"""Until accounts that may not send are looked at again, and messages whose domain is not verified."""


@dataclass(frozen=True)
class HeldCampaign:
    """`until`: when its messages go on. None: when somebody lets them."""

    account_id: AccountId
    id: CampaignId
    until: datetime.datetime | None


async def held_campaigns(
    session: WriteSession, master_id: MasterId, ids: Sequence[AccountId]
) -> Sequence[HeldCampaign]:
    """Those of these accounts, now."""
    rows = await _HELD.rows(session, {"tree": master_id, "ids": list(ids)})
    return [
        HeldCampaign(row.account_id, row.id, None if row.held_until == UNTIL_RELEASED else row.held_until)
        for row in rows
    ]


_HELD = FixedStatement(
    select(campaigns.c.account_id, campaigns.c.id, campaigns.c.held_until).where(
        campaigns.c.master_id == bindparam("tree", type_=Uuid()),
        campaigns.c.account_id == any_(bindparam("ids", type_=ARRAY(Uuid))),
        campaigns.c.held_until.is_not(None),
        campaigns.c.held_from <= func.now(),
        campaigns.c.held_until > func.now(),
    )
)


def is_free(message: FromClause, held: Sequence[HeldCampaign]) -> ColumnElement[bool]:
    """Whether a message is of no such campaign."""
    if not held:
        return true()
    ids: list[uuid.UUID] = [each.id for each in held]
    campaign_id = message.c.campaign_id
    return or_(campaign_id.is_(None), campaign_id != all_(literal(ids, ARRAY(Uuid))))
