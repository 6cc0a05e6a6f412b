"""What reopening an account needs: it was closed, and its contacts are kept."""

from sqlalchemy import delete, func, insert

from models.accounts.tables import AccountStatus
from models.base.ids import new_id
from models.contacts.jobs import ContactJobKind, contact_jobs
from tests.world.world import Account, World


async def keep_contacts(world: World, account: Account, days_ago: int = 0) -> None:
    """As the closing of the account does, so many days ago."""
    place = {"master_id": account.master, "account_id": account.key}
    made = {"id": new_id(), "kind": ContactJobKind.CONTACTS_DELETION.value, "acting_from": account.key}
    created = func.now() - func.make_interval(0, 0, 0, days_ago)
    async with world.database.begin() as connection:
        await connection.execute(delete(contact_jobs).where(contact_jobs.c.account_id == account.key))
        await connection.execute(insert(contact_jobs).values(**place, **made, created_at=created))


async def closed(world: World, account: Account, days_ago: int = 0) -> None:
    """The account is closed, and its contacts are kept."""
    await keep_contacts(world, account, days_ago)
    await world.set_status(account, AccountStatus.CLOSED)
