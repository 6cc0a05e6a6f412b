"""Reviews' rows, as the requests for them and the decisions about them share them."""

from sqlalchemy import func, update

from engine.writes.sessions import WriteSession
from models.accounts.trees import InTree
from models.base.ids import ReviewId
from models.review.tables import review_samples


async def close_sample(session: WriteSession, tree: InTree, review_id: ReviewId) -> None:
    """The review is over: from now on its sample is kept for 30 days."""
    sample = review_samples.c
    await session.send_built(
        update(review_samples)
        .where(sample.master_id == tree.master_id, sample.review_id == review_id)
        .values(ended_at=func.now())
    )
