"""The gate that every path that sends asks: whether the account may send yet (R86, T29)."""

from sqlalchemy import select

from authz.policy.refusals import Refusal, RefusalCode
from engine.writes.sessions import WriteSession
from models.accounts.tables import accounts
from models.accounts.trees import Place, this_account
from resolvers.review.policy import ReviewPolicy
from resolvers.review.reads import approved_of


async def check_reviewed(session: WriteSession, account: Place, policy: ReviewPolicy) -> None:
    """Raise REVIEW_REQUIRED where the locked account may not send yet. Approvals end behind the same lock, so
    none ends before the transaction does."""
    if policy is ReviewPolicy.OFF:
        return
    approved = select(approved_of(accounts)).where(this_account(accounts, account))
    if not (await session.execute(approved)).scalar_one():
        raise Refusal(RefusalCode.REVIEW_REQUIRED)
