"""Which domains an account can send from, and which its links lead through."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ARRAY, Uuid, any_, bindparam, select

from engine.writes.fixed_statements import FixedStatement
from engine.writes.sessions import WriteSession
from models.accounts.trees import NAMED, Place, columns_of, in_account
from models.base.ids import AccountId, DomainId, MasterId
from models.domains.tables import DomainKind, DomainStatus, domains


@dataclass(frozen=True)
class SendingDomain:
    """`name`: in ASCII."""

    id: DomainId
    name: str


async def verified_sending_domains(session: WriteSession, account: Place) -> Sequence[SendingDomain]:
    """The account's own verified sending domains, the oldest first. The caller has entered the tree."""
    rows = await _SENDING.rows(session, columns_of(account))
    return [SendingDomain(DomainId(row["id"]), row["ascii_name"]) for row in rows]


_SENDING = FixedStatement(
    select(domains.c.id, domains.c.ascii_name)
    .where(
        in_account(domains, NAMED),
        domains.c.kind == DomainKind.SENDING.value,
        domains.c.status == DomainStatus.VERIFIED.value,
    )
    .order_by(domains.c.id)
)


async def verified_tracking_domains(
    session: WriteSession, master_id: MasterId, account_ids: Sequence[AccountId]
) -> Mapping[AccountId, str]:
    """The name, in ASCII, of each account's own verified tracking domain. The caller has entered the tree."""
    rows = await _TRACKING.rows(session, {"tree": master_id, "ids": list(account_ids)})
    return {AccountId(row.account_id): row.ascii_name for row in rows}


_TRACKING = FixedStatement(
    select(domains.c.account_id, domains.c.ascii_name).where(
        domains.c.master_id == bindparam("tree", type_=Uuid()),
        domains.c.account_id == any_(bindparam("ids", type_=ARRAY(Uuid))),
        domains.c.kind == DomainKind.TRACKING.value,
        domains.c.status == DomainStatus.VERIFIED.value,
    )
)
