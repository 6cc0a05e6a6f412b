"""Offers that nobody could accept, because an account has promised otherwise."""

import uuid
from collections.abc import Sequence

from sqlalchemy import ARRAY, BigInteger, Text, Uuid, bindparam, func

from authz.guards.exclusive import Authorized
from engine.writes.fixed_statements import FixedCall
from engine.writes.sessions import WriteSession


async def check_offer(
    session: WriteSession,
    of: Sequence[Authorized],
    email: str,
    role_id: uuid.UUID | None,
    mask: int,
    below_mask: int = 0,
) -> None:
    """Refuse an invitation or a share in accounts of one tree with PROMISE_BROKEN, if accepting it would be
    refused so. The check travels with the next statement.

    `role_id`: None for a share of areas. `mask`, `below_mask`: what it gives in each account and below it.
    """
    values = {
        "tree": of[0].master_id,
        "offered": [account.account_id for account in of],
        "address": email,
        "role": role_id,
        "given": mask,
        "given_below": below_mask,
    }
    await _CHECK_OFFER.send(session, values)


_CHECK_OFFER = FixedCall(
    func.mandant_check_offer(
        bindparam("tree", type_=Uuid()),
        bindparam("offered", type_=ARRAY(Uuid())),
        bindparam("address", type_=Text()),
        bindparam("role", type_=Uuid()),
        bindparam("given", type_=BigInteger()),
        bindparam("given_below", type_=BigInteger()),
    )
)
