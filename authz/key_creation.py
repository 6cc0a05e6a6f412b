"""Where in a tree API keys are made (R13)."""

from sqlalchemy import exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from authz.guard import Authorized
from authz.permissions import Permission, allows
from authz.principals import Principal
from authz.reach import GRANTS
from authz.refusals import Refusal, RefusalCode
from models.accounts import ApiKeyCreationPlace, accounts


async def check_key_creation(session: AsyncSession, principal: Principal, account: Authorized) -> None:
    """Raise MASTER_ACCOUNT_REQUIRED where keys are made by the master account alone, and the principal does
    not hold API_KEYS_WRITE from there.

    The account is locked, and with it the master account: the setting stays until the change is done.
    """
    in_master = account.account_id == account.master_id
    from_master = exists(
        select(GRANTS.c.account_id).where(
            GRANTS.c.master_id == account.master_id,
            GRANTS.c.account_id == account.master_id,
            allows(GRANTS.c.own_mask if in_master else GRANTS.c.below_mask, Permission.API_KEYS_WRITE),
        )
    )
    anywhere = accounts.c.api_key_creation == ApiKeyCreationPlace.ANYWHERE.value
    statement = select(or_(anywhere, from_master)).where(
        accounts.c.master_id == account.master_id, accounts.c.id == account.master_id
    )
    if not (await session.execute(statement, principal.credentials.binds)).scalar_one():
        raise Refusal(RefusalCode.MASTER_ACCOUNT_REQUIRED)
