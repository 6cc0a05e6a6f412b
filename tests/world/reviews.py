"""Reviews of accounts' contacts, written straight into the database."""

import datetime
import uuid
from typing import Any

from sqlalchemy import func, insert, select, text, update

from models.base.ids import Kind, new_id, present
from models.contacts.tables import contacts
from models.review.tables import STANDING, ReviewStatus, review_samples, reviews
from tests.world.contacts import give_contact
from tests.world.world import Account, Person, World


async def give_review(
    world: World,
    account: Account,
    checker: Person | None = None,
    approver: Person | None = None,
    declined_by: Person | None = None,
) -> str:
    """A review of the account's contacts, with a sample of one; its id. It is open, unless somebody approved
    or declined it."""
    key = new_id()
    async with world.database.begin() as connection:
        await connection.execute(
            insert(reviews).values(
                master_id=account.master,
                account_id=account.key,
                id=key,
                contacts=1,
                checked_by=checker and checker.key,
                **_decision(approver, declined_by),
            )
        )
        await connection.execute(insert(review_samples).values(_sampled(account, key)))
    return present(Kind.REVIEW, key)


async def end_reviews(world: World, account: Account) -> None:
    """No review of the account is open or approved: an account has at most one that is."""
    standing = (reviews.c.account_id == account.key) & text(STANDING)
    ended = {"status": ReviewStatus.WITHDRAWN.value, "decided_at": func.now(), "approved_by": None}
    async with world.database.begin() as connection:
        await connection.execute(update(reviews).where(standing).values(**ended))


async def have_contact(world: World, account: Account) -> None:
    """The account has contacts: one, if it had none."""
    there = select(func.count()).where(contacts.c.account_id == account.key)
    async with world.database.connect() as connection:
        if (await connection.execute(there)).scalar_one():
            return
    await give_contact(world, account, "ada@example.com")


async def samples_of(world: World, review_id: str) -> list[Any]:
    """What is stored of a review's sample."""
    statement = select(review_samples).order_by(review_samples.c.ordinal)
    of_review = review_samples.c.review_id == uuid.UUID(review_id.partition("_")[2])
    async with world.database.connect() as connection:
        return list((await connection.execute(statement.where(of_review))).all())


def _decision(approver: Person | None, declined_by: Person | None) -> dict[str, Any]:
    now = datetime.datetime.now(datetime.UTC)
    if approver is not None:
        return {"status": ReviewStatus.APPROVED.value, "approved_by": approver.key, "decided_at": now}
    if declined_by is not None:
        ended = {"ended_by": declined_by.key, "reason": "Bought.", "decided_at": now}
        return {"status": ReviewStatus.DECLINED.value, **ended}
    return {}


def _sampled(account: Account, review: uuid.UUID) -> dict[str, Any]:
    return {
        "master_id": account.master,
        "review_id": review,
        "ordinal": 0,
        "first_letter": "a",
        "email_domain": "example.com",
        "attributes": ["country"],
        "source": "a test",
        "added_at": datetime.datetime.now(datetime.UTC),
    }
