"""Which tree has a domain verified. The table of claims has each name once for mail and links, and once for
sign-in: of two trees that prove the ownership at the same moment, one has it.

A claim is locked last in a transaction, behind the accounts and the domain. A transaction that locks several
takes them in the order of their names.
"""

import uuid
from collections.abc import Collection

from sqlalchemy import delete, exists, select
from sqlalchemy.dialects.postgresql import insert

from engine.writes.sessions import WriteSession
from models.base.ids import MasterId, new_id
from models.domains.tables import domain_claims, domains


async def claim(
    session: WriteSession, master_id: MasterId, ascii_name: str, *, for_sign_in: bool
) -> uuid.UUID | None:
    """Claim the name for the tree, and lock the claim. None: another tree has it. Waits for another
    transaction that is about to claim the name or to give it up."""
    made = insert(domain_claims).values(
        id=new_id(), name=ascii_name, master_id=master_id, for_sign_in=for_sign_in
    )
    claimed = made.on_conflict_do_update(
        index_elements=["name", "for_sign_in"],
        set_={"master_id": made.excluded.master_id},
        where=domain_claims.c.master_id == made.excluded.master_id,
    )
    found: uuid.UUID | None = (
        await session.execute(claimed.returning(domain_claims.c.id))
    ).scalar_one_or_none()
    return found


async def release(session: WriteSession, claim_ids: Collection[uuid.UUID]) -> None:
    """Give up those of the claims that no domain of the tree needs any more."""
    if not claim_ids:
        return
    claims = domain_claims.c
    these = claims.id.in_(claim_ids)
    # A statement of its own: behind the lock the next one sees what was committed meanwhile.
    await session.execute(
        select(claims.id).where(these).order_by(claims.name, claims.for_sign_in).with_for_update()
    )
    needed = exists().where(domains.c.claim_id == claims.id)
    await session.send_built(delete(domain_claims).where(these, ~needed))
