"""How people whom an issuer knows get into their company's tree.

Nobody has signed in yet, so row level security shows nothing. A stored function lets the transaction into a
tree whose master account has single sign-on, and into no other.
"""

from sqlalchemy import Column, Text, Uuid, func, literal, select

from engine.writes.sessions import WriteSession
from models.base.ids import MasterId, UserId
from models.domains.tables import domain_claims
from models.people.users import users


async def enter_for_single_sign_on(session: WriteSession, master_id: MasterId) -> bool:
    """Show the tree to the rest of the transaction. False, and nothing is shown, where it has no single
    sign-on."""
    entering = select(func.mandant_enter_for_single_sign_on(literal(master_id, Uuid)))
    return bool((await session.execute(entering)).scalar_one())


async def trees_that_accept(session: WriteSession, issuer: str, audience: str) -> list[MasterId]:
    """The trees that accept bearer tokens of the issuer for this audience."""
    found = func.mandant_single_sign_ons_of(literal(issuer, Text), literal(audience, Text))
    rows = await session.execute(select(found.table_valued(Column("tree", Uuid)).c.tree))
    return [MasterId(row.tree) for row in rows]


async def single_sign_on_required(session: WriteSession, user_id: UserId) -> bool:
    """Whether the person's password opens no session, because the company behind the address requires single
    sign-on. That stays so until the transaction ends: whoever changes it locks the domain's claim, too."""
    claim = domain_claims.c
    claimed = (
        select(claim.id)
        .join(users, func.split_part(users.c.email_canonical, "@", -1) == claim.name)
        .where(users.c.id == user_id, claim.for_sign_in)
        .with_for_update(read=True, of=domain_claims)
    )
    if (await session.execute(claimed)).one_or_none() is None:
        return False
    asking = select(func.mandant_single_sign_on_required(literal(user_id, Uuid)))
    return bool((await session.execute(asking)).scalar_one())
