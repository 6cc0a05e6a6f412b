"""Which domains an account can send from, and which its links lead through."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ARRAY, Uuid, any_, literal, select

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
    domain = domains.c
    statement = select(domain.account_id, domain.ascii_name).where(
        domain.master_id == master_id,
        domain.account_id == any_(literal(list(account_ids), ARRAY(Uuid))),
        domain.kind == DomainKind.TRACKING.value,
        domain.status == DomainStatus.VERIFIED.value,
    )
    return {AccountId(row.account_id): row.ascii_name for row in await session.execute(statement)}
