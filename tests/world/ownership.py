"""Ownership that is offered, for tests: through the API, and straight into the database."""

from sqlalchemy import delete, func, insert

from models.members.ownership_offers import ownership_offers
from resolvers.members.transfer_ownership import VALID_FOR
from tests.client.api import Api, Caller
from tests.client.mutations import code_of
from tests.world.world import Account, Member, Person, World


async def offer_to(api: Api, giver: Caller, taker: Member, owner: Member | None = None) -> str:
    """Offer the taker the ownership. The code with which it is refused; empty if it was done."""
    members = {"toMemberId": taker.id} | ({} if owner is None else {"fromMemberId": owner.id})
    return await code_of(api, "ownershipTransfer", giver, accountId=taker.account.id, **members)


async def accept(api: Api, taker: Member) -> str:
    """Accept it. The code with which that is refused; empty if it was done."""
    return await code_of(api, "ownershipAccept", taker, accountId=taker.account.id)


async def hand_over(api: Api, giver: Caller, taker: Member, owner: Member | None = None) -> str:
    """Both, as far as it goes."""
    return await offer_to(api, giver, taker, owner) or await accept(api, taker)


async def give_offer(
    world: World, account: Account, taker: Member, giver: Person, owner: Member | None = None
) -> None:
    """An offer that waits, in the place of another one."""
    await forget_offers(world, account)
    async with world.database.begin() as connection:
        await connection.execute(
            insert(ownership_offers).values(
                master_id=account.master,
                account_id=account.key,
                to_membership_id=taker.key,
                from_membership_id=None if owner is None else owner.key,
                giver_user_id=giver.key,
                offered_at=func.now(),
                expires_at=func.now() + VALID_FOR,
            )
        )


async def forget_offers(world: World, account: Account) -> None:
    """Nothing is offered."""
    async with world.database.begin() as connection:
        await connection.execute(delete(ownership_offers).where(ownership_offers.c.account_id == account.key))
