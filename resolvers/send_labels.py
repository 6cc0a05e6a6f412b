"""Labels of sends: how the teams and campaigns of an account are told apart (R56, R57)."""

from sqlalchemy import func, insert, select

from authz.guard import Authorized
from authz.refusals import Refusal, RefusalCode
from engine.write_sessions import WriteSession
from models.sends import LABEL_LENGTH, send_labels
from resolvers.send_cycles import OpenCycle
from resolvers.texts import short_text

MOST_LABELS = 100
"""Of an account in a cycle: each is a line on the invoice (T35)."""


def read_label(text: str) -> str:
    """A label, trimmed: 1 to 50 characters in one line. Raises BAD_USER_INPUT."""
    return short_text(text, "label", LABEL_LENGTH)


async def use_label(session: WriteSession, account: Authorized, cycle: OpenCycle, label: str) -> None:
    """Count a label that the account uses in the cycle, whose lock keeps two new ones from meeting.

    Raises LABEL_LIMIT_REACHED for a new one where there are MOST_LABELS.
    """
    used = send_labels.c
    place = {"master_id": account.master_id, "account_id": account.account_id, "cycle_id": cycle.id}
    statement = select(func.count(), func.coalesce(func.bool_or(used.label == label), False)).where(
        *[used[name] == value for name, value in place.items()]
    )
    number, is_known = (await session.execute(statement)).one()
    if is_known:
        return
    if number >= MOST_LABELS:
        raise Refusal(RefusalCode.LABEL_LIMIT_REACHED, field="label")
    await session.execute(insert(send_labels).values(**place, label=label))
