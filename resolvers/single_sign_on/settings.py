"""The settings of single sign-on, as they are changed: rows behind the account's lock."""

import uuid
from dataclasses import dataclass

from sqlalchemy import delete, insert, select

from authz.guards.exclusive import Authorized
from engine.writes.sessions import WriteSession
from models.accounts.trees import columns_of, in_account
from models.base.ids import Kind, UserId, present
from models.single_sign_on.tables import (
    SingleSignOnEnforcement,
    single_sign_on_exceptions,
    single_sign_on_roles,
    single_sign_ons,
)
from resolvers.effects.log import Change
from resolvers.rows.stored import stored


@dataclass(frozen=True)
class RoleOfClaim:
    """The role that a value of the claim gives."""

    value: str
    role_id: uuid.UUID


@dataclass(frozen=True)
class Settings:
    """All of them. `client_secret`: sealed. `roles`: of several that fit, the first one counts. `exceptions`:
    in the order of their ids."""

    issuer: str = ""
    client_id: str = ""
    client_secret: bytes | None = None
    audience: str | None = None
    enforcement: SingleSignOnEnforcement = SingleSignOnEnforcement.OPTIONAL
    role_claim: str | None = None
    roles: tuple[RoleOfClaim, ...] = ()
    default_role_id: uuid.UUID | None = None
    exceptions: tuple[UserId, ...] = ()

    def logged(self) -> Change:
        """For the log, without the secret."""
        role = self.default_role_id
        return {
            "issuer": self.issuer,
            "clientId": self.client_id,
            "audience": self.audience,
            "enforcement": self.enforcement.value,
            "roleClaim": self.role_claim,
            "roles": [f"{each.value}: {present(Kind.ROLE, each.role_id)}" for each in self.roles],
            "defaultRole": None if role is None else present(Kind.ROLE, role),
            "breakGlass": [present(Kind.USER, each) for each in self.exceptions],
        }


async def stored_settings(session: WriteSession, account: Authorized) -> Settings | None:
    """Those of a locked account; None: there are none."""
    statement = select(*single_sign_ons.c).where(in_account(single_sign_ons, account))
    row = (await session.execute(statement)).one_or_none()
    if row is None:
        return None
    mapped, exception = single_sign_on_roles.c, single_sign_on_exceptions.c
    roles = select(mapped.value, mapped.role_id).where(in_account(single_sign_on_roles, account))
    people = select(exception.user_id).where(in_account(single_sign_on_exceptions, account))
    return Settings(
        issuer=row.issuer,
        client_id=row.client_id,
        client_secret=row.client_secret,
        audience=row.audience,
        enforcement=SingleSignOnEnforcement(row.enforcement),
        role_claim=row.role_claim,
        roles=tuple(RoleOfClaim(*each) for each in await session.execute(roles.order_by(mapped.position))),
        default_role_id=row.default_role_id,
        exceptions=tuple((await session.execute(people.order_by(exception.user_id))).scalars()),
    )


async def write_settings(session: WriteSession, account: Authorized, settings: Settings) -> None:
    """Replace those of a locked account."""
    own = columns_of(account)
    values = {
        "issuer": settings.issuer,
        "client_id": settings.client_id,
        "client_secret": settings.client_secret,
        "audience": settings.audience,
        "enforcement": settings.enforcement.value,
        "role_claim": settings.role_claim,
        "default_role_id": settings.default_role_id,
    }
    await session.send_built(stored(single_sign_ons, own, values))
    await _delete_parts(session, account)
    if settings.roles:
        roles = [
            {**own, "position": position, "value": each.value, "role_id": each.role_id}
            for position, each in enumerate(settings.roles)
        ]
        await session.execute_each(insert(single_sign_on_roles), roles)
    if settings.exceptions:
        people = [{**own, "user_id": each} for each in settings.exceptions]
        await session.execute_each(insert(single_sign_on_exceptions), people)


async def delete_settings(session: WriteSession, account: Authorized) -> None:
    """Delete those of a locked account. Nobody may be named by them any more."""
    await _delete_parts(session, account)
    await session.send_built(delete(single_sign_ons).where(in_account(single_sign_ons, account)))


async def _delete_parts(session: WriteSession, account: Authorized) -> None:
    for table in (single_sign_on_roles, single_sign_on_exceptions):
        await session.send_built(delete(table).where(in_account(table, account)))
