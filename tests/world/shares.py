"""Shares, written straight into the database, as `tests.world.world` writes everything else."""

import datetime
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import insert

from authz.callers.tokens import TokenKind, digest_of, generate
from authz.policy.builtin_roles import BuiltinRole
from authz.policy.permissions import Area, Permission, mask_of
from models.base.ids import Kind, new_id, present
from models.shares.tables import share_accounts, shares
from tests.world.world import Account, ApiKey, CustomRole, Person, World, role_key

MARKETER = BuiltinRole.MARKETER
_OF_OWNERS = {Permission.ACCOUNT_SUSPEND, Permission.ACCOUNT_CLOSE, Permission.ACCOUNT_TRANSFER}
_A_DAY = datetime.timedelta(days=1)


@dataclass(frozen=True)
class Share:
    """A share and the secret of its link."""

    key: uuid.UUID
    token: str

    @property
    def id(self) -> str:
        """As clients see it."""
        return present(Kind.SHARE, self.key)


@dataclass(frozen=True)
class Given:
    """What a share gives, and what has become of it."""

    role: BuiltinRole | CustomRole | None = MARKETER
    areas: Collection[Area] | None = None
    hidden: Collection[Area] = ()
    accepted: bool = True
    expires_at: datetime.datetime | None = None
    revoked_at: datetime.datetime | None = None
    link_expires_at: datetime.datetime | None = None
    """None: tomorrow."""


async def give_share(
    world: World,
    accounts: Sequence[Account],
    person: Person,
    giver: Person | ApiKey,
    given: Given = Given(),
) -> Share:
    """Some accounts of one tree, opened to the person."""
    key, token = new_id(), generate(TokenKind.SHARE)
    now = datetime.datetime.now(datetime.UTC)
    master_id = accounts[0].master
    async with world.database.begin() as connection:
        await connection.execute(
            insert(shares).values(
                master_id=master_id,
                id=key,
                email=person.email,
                email_canonical=person.email.lower(),
                user_id=person.key if given.accepted else None,
                role_id=given.role and role_key(given.role),
                areas=None if given.areas is None else sorted(area.value for area in given.areas),
                areas_mask=_areas_mask(given.areas),
                hidden_areas=sorted(area.value for area in given.hidden),
                hidden_mask=_mask(given.hidden),
                digest=digest_of(token),
                giver_user_id=giver.key if isinstance(giver, Person) else None,
                giver_api_key_id=giver.key if isinstance(giver, ApiKey) else None,
                link_expires_at=given.link_expires_at or now + _A_DAY,
                expires_at=given.expires_at,
                accepted_at=now if given.accepted else None,
                revoked_at=given.revoked_at,
            )
        )
        opened = [
            {"master_id": master_id, "share_id": key, "account_id": account.key} for account in accounts
        ]
        await connection.execute(insert(share_accounts), opened)
    return Share(key, token)


def _areas_mask(areas: Collection[Area] | None) -> int:
    if areas is None:
        return 0
    return _mask(areas) & ~mask_of(_OF_OWNERS) | Permission.ACCOUNT_READ.bit


def _mask(areas: Collection[Area]) -> int:
    return mask_of({permission for permission in Permission if permission.area in areas})
