"""Which domains an account can send from."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from engine.writes.sessions import WriteSession
from models.accounts.trees import Place, in_account
from models.base.ids import DomainId
from models.domains.tables import DomainKind, DomainStatus, domains


@dataclass(frozen=True)
class SendingDomain:
    """`name`: in ASCII."""

    id: DomainId
    name: str


async def verified_sending_domains(session: WriteSession, account: Place) -> Sequence[SendingDomain]:
    """The account's own verified sending domains, the oldest first. The caller has entered the tree."""
    statement = (
        select(domains.c.id, domains.c.ascii_name)
        .where(
            in_account(domains, account),
            domains.c.kind == DomainKind.SENDING.value,
            domains.c.status == DomainStatus.VERIFIED.value,
        )
        .order_by(domains.c.id)
    )
    return [
        SendingDomain(DomainId(row.id), row.ascii_name) for row in (await session.execute(statement)).all()
    ]
