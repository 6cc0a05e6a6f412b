"""Erasing what an unsubscribe says of a person: it goes on counting by its digest (T23)."""

from collections.abc import Collection

from sqlalchemy import ARRAY, LargeBinary, any_, literal, update

from engine.writes.sessions import WriteSession
from models.accounts.trees import Place, in_account
from models.suppressions.tables import unsubscribes

ERASED = "Erased"
"""The evidence of a consent whose text was erased. That there was a consent is still seen."""


async def forget_evidence(session: WriteSession, account: Place, digests: Collection[bytes]) -> None:
    """The account's unsubscribes of these addresses no longer tell how the recipient agreed. To be called in
    the data plane, by whoever erases the contact."""
    stored = unsubscribes.c
    await session.send_built(
        update(unsubscribes)
        .where(
            in_account(unsubscribes, account),
            stored.digest == any_(literal(list(digests), ARRAY(LargeBinary))),
            stored.evidence.is_not(None),
        )
        .values(evidence=ERASED)
    )
