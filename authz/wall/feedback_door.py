"""How what comes back of a message gets into its tree.

Whoever follows a link in a message, or returns it, has no session. The link and the return path name the
account and are signed by the deployment. So nobody enters a tree that has not written to them. A worker to
which a server answers at once comes this way too: nothing may be due in the tree any more.
"""

from sqlalchemy import Column, Text, Uuid, func, literal, select

from engine.writes.sessions import WriteSession
from models.base.ids import AccountId, AccountKey, MasterId


async def enter_for_feedback(session: WriteSession, account_id: AccountId) -> AccountKey | None:
    """Show the account's tree to the rest of the transaction. None: there is no such account. The caller has
    verified the signature over the id, or has claimed a message of the account."""
    entering = select(func.mandant_enter_for_feedback(literal(account_id, Uuid)))
    tree = (await session.execute(entering)).scalar_one()
    return None if tree is None else AccountKey(MasterId(tree), account_id)


async def accounts_of_sms_sender(session: WriteSession, sender: str) -> list[AccountKey]:
    """The accounts of all trees that SMS with this sender came from. The caller has verified that the gateway
    asks, and tells nobody which they are."""
    columns = Column("tree", Uuid), Column("account", Uuid)
    found = func.mandant_accounts_of_sms_sender(literal(sender, Text)).table_valued(*columns)
    rows = await session.execute(select(found.c.tree, found.c.account))
    return [AccountKey(MasterId(row.tree), AccountId(row.account)) for row in rows]
