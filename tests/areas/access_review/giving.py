"""Access reviews, straight in the database, and the work of a worker."""

import datetime
from dataclasses import dataclass

from sqlalchemy import func, insert, text, update
from sqlalchemy.ext.asyncio import AsyncEngine

from engine.writes.sessions import WriteSessions
from models.access_review.job_kinds import ACCESS_REVIEW
from models.access_review.tables import ReviewedKind, access_review_items, access_reviews
from models.base.ids import Kind, MasterId, new_id, parse, present
from models.effects.jobs import Job
from server.jobs.dispatch import do
from tests.server.deployed import deployed
from tests.world.world import Account, World


@dataclass(frozen=True)
class GivenReview:
    """An access review of an account, which asks about one key."""

    id: str
    item_id: str


async def give_access_review(world: World, account: Account, is_open: bool = True) -> GivenReview:
    """It ends in ten days, or it has ended without an answer."""
    review_id, item_id, key = new_id(), new_id(), await world.api_key(account)
    tree = {"master_id": account.master, "account_id": account.key}
    ends_at = func.now() + datetime.timedelta(days=10)
    started = {"id": review_id, "top_account_id": account.key}
    review = {**tree, **started, "ends_at": ends_at, "work_due_at": ends_at if is_open else None}
    item = {
        **tree,
        "id": item_id,
        "review_id": review_id,
        "kind": ReviewedKind.API_KEY.value,
        "subject_id": key.key,
        "unused": False,
    }
    async with world.database.begin() as connection:
        await connection.execute(insert(access_reviews).values(review))
        await connection.execute(insert(access_review_items).values(item))
    return GivenReview(present(Kind.ACCESS_REVIEW, review_id), present(Kind.ACCESS_REVIEW_ITEM, item_id))


async def make_due(world: World, review_id: str, at_the_end: bool) -> None:
    """The reminder of the review, or its end, is due from now on."""
    values = {"work_due_at": func.now()} | ({"ends_at": func.now()} if at_the_end else {})
    this = access_reviews.c.id == parse(Kind.ACCESS_REVIEW, review_id)
    async with world.database.begin() as connection:
        await connection.execute(update(access_reviews).where(this).values(values))


async def work(application: AsyncEngine, account: Account, review_id: str) -> None:
    """Do the job of the review, as a worker does."""
    key = parse(Kind.ACCESS_REVIEW, review_id)
    assert key is not None
    job = Job(ACCESS_REVIEW, MasterId(account.master), key)
    await do(WriteSessions(application), deployed(), job)


async def let_time_pass(world: World, account: Account) -> None:
    """All access to the account was given 100 days ago."""
    tree = {"tree": account.master}
    async with world.database.begin() as connection:
        for table, column in (
            ("memberships", "joined_at"),
            ("shares", "accepted_at"),
            ("api_keys", "created_at"),
        ):
            older = f"UPDATE {table} SET {column} = {column} - interval '100 days' WHERE master_id = :tree"
            await connection.execute(text(older), tree)
