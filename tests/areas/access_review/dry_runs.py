"""What is tried about access reviews in dry runs with random inputs."""

from sqlalchemy import update

from models.access_review.tables import access_reviews
from tests.areas.access_review.giving import give_access_review
from tests.areas.access_review.matrix import in_ten_days
from tests.authz.escalation.dry_run_tries import Draw, Tries, Try


async def _start(tries: Tries, draw: Draw) -> Try:
    await tries.world.api_key(tries.account(draw))
    return tries.by_owner(accountId=tries.account(draw).id, endsAt=in_ten_days())


async def _end(tries: Tries, draw: Draw) -> Try:
    account = tries.account(draw)
    closed = update(access_reviews).where(access_reviews.c.account_id == account.key).values(work_due_at=None)
    async with tries.world.database.begin() as connection:
        await connection.execute(closed)
    given = await give_access_review(tries.world, account)
    return tries.by_owner(accessReviewItemId=given.item_id)


TRIES = {"accessReviewStart": _start, "accessReviewItemEnd": _end}
