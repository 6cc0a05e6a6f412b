"""The settings of single sign-on, as sign-ins need them."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select

from authz.wall.single_sign_on_door import enter_for_single_sign_on
from engine.writes.sessions import WriteSession
from models.base.ids import AccountId, AccountKey, MasterId
from models.domains.tables import DomainKind, DomainStatus, domain_claims, domains
from models.single_sign_on.tables import single_sign_on_roles, single_sign_ons
from resolvers.sealing.keyring import KeyringSource, NotOpenedError
from resolvers.single_sign_on.failures import SignOnFailed, SignOnFailure
from resolvers.single_sign_on.sealed_columns import CLIENT_SECRET


@dataclass(frozen=True)
class Connection:
    """The settings of one master account. `domains`: its verified sign-in domains, in ASCII. `roles`: in
    order, the values of the claim with the roles that they give."""

    master_id: MasterId
    issuer: str
    client_id: str
    client_secret: str | None
    audience: str | None
    role_claim: str | None
    default_role_id: uuid.UUID | None
    roles: Sequence[tuple[str, uuid.UUID]]
    domains: frozenset[str]

    @property
    def account(self) -> AccountKey:
        """The master account."""
        return AccountKey(self.master_id, AccountId(self.master_id))


async def tree_of_domain(session: WriteSession, ascii_name: str) -> MasterId | None:
    """The tree whose people sign in by this domain."""
    claim = domain_claims.c
    statement = select(claim.master_id).where(claim.name == ascii_name, claim.for_sign_in)
    found = (await session.execute(statement)).scalar_one_or_none()
    return None if found is None else MasterId(found)


async def connection_of(
    session: WriteSession, master_id: MasterId, keyring_source: KeyringSource
) -> Connection:
    """Enter the tree, and read its settings. Raises SignOnFailed where there are none."""
    if not await enter_for_single_sign_on(session, master_id):
        raise SignOnFailed(SignOnFailure.NOT_FOUND)
    own = single_sign_ons.c.master_id == master_id
    row = (await session.execute(select(*single_sign_ons.c).where(own))).one()
    mapped = single_sign_on_roles.c
    roles = select(mapped.value, mapped.role_id).where(mapped.master_id == master_id)
    rows = (await session.execute(roles.order_by(mapped.position))).all()
    return Connection(
        master_id=master_id,
        issuer=row.issuer,
        client_id=row.client_id,
        client_secret=_secret(row, keyring_source),
        audience=row.audience,
        role_claim=row.role_claim,
        default_role_id=row.default_role_id,
        roles=[(each.value, each.role_id) for each in rows],
        domains=frozenset(await _domains(session, master_id)),
    )


def _secret(row: Row[*tuple[Any, ...]], keyring_source: KeyringSource) -> str | None:
    if row.client_secret is None:
        return None
    try:
        return keyring_source().open(CLIENT_SECRET.place(dict(row._mapping)), row.client_secret).decode()
    except NotOpenedError as error:
        raise SignOnFailed(SignOnFailure.MISCONFIGURED, "the client secret cannot be read") from error


async def _domains(session: WriteSession, master_id: MasterId) -> list[str]:
    domain = domains.c
    statement = select(domain.ascii_name).where(
        domain.master_id == master_id,
        domain.account_id == master_id,
        domain.kind == DomainKind.SIGN_IN.value,
        domain.status == DomainStatus.VERIFIED.value,
    )
    return list((await session.execute(statement)).scalars())
