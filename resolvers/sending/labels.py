"""Labels of sends, which tell an account's teams and campaigns apart (R56, R57)."""

from sqlalchemy import func, insert, select, true

from authz.guards.exclusive import Authorized
from authz.policy.refusals import Refusal, RefusalCode
from engine.text.forms import compared
from engine.writes.sessions import WriteSession
from models.accounts.trees import columns_of, in_account
from models.sending.tables import send_labels
from resolvers.sending.cycle import OpenCycle

MOST_LABELS = 100
"""Of an account in a cycle. Each is a line on the invoice (T35)."""


async def use_label(session: WriteSession, account: Authorized, cycle: OpenCycle, label: str) -> str:
    """Note that the account uses the label in the cycle, whose lock keeps two new labels apart. Returns it as
    the account wrote it first: another case is the same label.

    Raises LABEL_LIMIT_REACHED for a new label beyond MOST_LABELS.
    """
    used = send_labels.c
    of_account = in_account(send_labels, account)
    in_cycle = select(func.count()).where(of_account, used.cycle_id == cycle.id).scalar_subquery()
    meant = (
        select(used.label, used.cycle_id == cycle.id)
        .where(of_account, used.compared_label == compared(label))
        .order_by(used.cycle_id.desc(), used.label)
        .limit(1)
        .subquery()
    )
    here = select(in_cycle.label("number")).subquery()
    statement = select(here.c.number, *meant.c).select_from(here.outerjoin(meant, true()))
    number, known, is_of_cycle = (await session.execute(statement)).one()
    if is_of_cycle:
        return str(known)
    if number >= MOST_LABELS:
        raise Refusal(RefusalCode.LABEL_LIMIT_REACHED, field="label")
    written = label if known is None else str(known)
    place = {**columns_of(account), "cycle_id": cycle.id}
    await session.send_built(insert(send_labels).values(**place, label=written))
    return written
