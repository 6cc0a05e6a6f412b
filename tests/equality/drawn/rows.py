"""What `tests.world.world` does not make: odd names, invitations and events of all kinds, and what has
ended."""

import datetime
import itertools

from sqlalchemy import Table, insert, null, update

from authz.policy.builtin_roles import BuiltinRole
from models.access.expiry_notices import ExpiryStage, expiry_notices
from models.accounts.tables import AccountStatus, accounts
from models.api_keys.tables import ApiKeyPurpose, WhenMakerLosesAccess, api_keys
from models.base.ids import Kind, new_id, present
from models.billing.status_history import account_status_changes
from models.effects.events import events
from models.invitations.tables import invitations
from models.people.sessions import sessions
from models.roles.tables import roles
from resolvers.effects.event_types import EventType
from resolvers.effects.log import Change
from tests.world.world import Account, ApiKey, CustomRole, Person, World, role_key

PAST = datetime.datetime(2020, 2, 29, 23, 59, 59, 5, datetime.UTC)
FUTURE = datetime.datetime(9999, 12, 31, 23, 59, 59, 999_998, datetime.UTC)
RANGES = ("127.0.0.0/8", "2001:db8::/32", "::/0")
WHOLE_SECOND = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)

_addresses = itertools.count(1)


async def set_external_id(world: World, account: Account, external_id: str) -> None:
    """The customer's own id of the account."""
    await _update(world, accounts, account.key, external_id=external_id)


async def end_session(world: World, person: Person) -> None:
    """The person's session has expired."""
    statement = update(sessions).where(sessions.c.user_id == person.key).values(expires_at=PAST)
    async with world.database.begin() as connection:
        await connection.execute(statement)


async def set_key(
    world: World,
    key: ApiKey,
    creator: Person | None = None,
    last_used_at: datetime.datetime | None = None,
    expires_at: datetime.datetime | None = None,
    revoked_at: datetime.datetime | None = None,
) -> None:
    """Who made the key, and what has become of it."""
    await _update(
        world,
        api_keys,
        key.key,
        creator_user_id=creator and creator.key,
        last_used_at=last_used_at,
        expires_at=expires_at,
        revoked_at=revoked_at,
    )


async def expiry_notice(world: World, account: Account) -> None:
    """Something was told to have ended in the account."""
    values = {"grant_id": new_id(), "expires_at": PAST, "stage": ExpiryStage.ENDED.value}
    async with world.database.begin() as connection:
        await connection.execute(
            insert(expiry_notices).values(master_id=account.master, account_id=account.key, **values)
        )


async def status_change(world: World, account: Account) -> None:
    """The account was resumed, as billing has it."""
    values = {"id": new_id(), "status": AccountStatus.ACTIVE.value, "holds_from": PAST}
    async with world.database.begin() as connection:
        await connection.execute(
            insert(account_status_changes).values(master_id=account.master, account_id=account.key, **values)
        )


async def delete_role(world: World, role: CustomRole) -> None:
    """The role was deleted: it gives nothing, and only what was given with it names it."""
    masks = {"member_mask": 0, "ancestor_mask": 0, "inherited_mask": 0}
    await _update(world, roles, role.key, deleted_at=PAST, **masks)


async def bind_key(
    world: World,
    key: ApiKey,
    ip_ranges: tuple[str, ...] = (),
    purpose: ApiKeyPurpose | None = None,
    creator: Person | ApiKey | None = None,
    adopter: Person | None = None,
    choice: WhenMakerLosesAccess = WhenMakerLosesAccess.KEEP,
    rotated_until: datetime.datetime | None = None,
) -> None:
    """What the key is bound to, and until when another secret of it works too."""
    bound: dict[str, object] = {
        "ip_ranges": list(ip_ranges),
        "purpose": purpose and purpose.value,
        "adopter_user_id": adopter and adopter.key,
        "when_maker_loses_access": choice.value,
        "previous_digest": rotated_until and key.key.bytes,
        "previous_expires_at": rotated_until,
    }
    if creator is not None:
        column = "creator_user_id" if isinstance(creator, Person) else "creator_api_key_id"
        bound[column] = creator.key
    await _update(world, api_keys, key.key, **bound)


async def invitation(
    world: World,
    account: Account,
    role: BuiltinRole | CustomRole,
    inviter: Person | ApiKey,
    expires_at: datetime.datetime = FUTURE,
    accepted_at: datetime.datetime | None = None,
    revoked_at: datetime.datetime | None = None,
    member_expires_at: datetime.datetime | None = None,
    invited: Person | None = None,
) -> str:
    """An invitation of the person, or of an odd address. Its id."""
    odd = f'"o\'b\\"{next(_addresses)}"@bücher.example'
    key, address = new_id(), odd if invited is None else invited.email
    async with world.database.begin() as connection:
        await connection.execute(
            insert(invitations).values(
                master_id=account.master,
                account_id=account.key,
                id=key,
                email=address,
                email_canonical=address,
                role_id=role_key(role),
                digest=key.bytes,
                inviter_user_id=inviter.key if isinstance(inviter, Person) else None,
                inviter_api_key_id=inviter.key if isinstance(inviter, ApiKey) else None,
                expires_at=expires_at,
                accepted_at=accepted_at,
                revoked_at=revoked_at,
                member_expires_at=member_expires_at,
            )
        )
    return present(Kind.INVITATION, key)


async def event(
    world: World,
    account: Account,
    event_type: EventType,
    actor: Person | ApiKey,
    acting_from: Account | None = None,
    before: Change | None = None,
    after: Change | None = None,
    reason: str | None = None,
) -> str:
    """A line of the account's log; without `before` the column is NULL, without `after` it is JSON's null.
    Its id."""
    key = new_id()
    async with world.database.begin() as connection:
        await connection.execute(
            insert(events).values(
                master_id=account.master,
                account_id=account.key,
                id=key,
                type=event_type.value,
                actor_user_id=actor.key if isinstance(actor, Person) else None,
                actor_api_key_id=actor.key if isinstance(actor, ApiKey) else None,
                actor_account_id=acting_from and acting_from.key,
                subject_id=account.id,
                before=null() if before is None else before,
                after=after,
                reason=reason,
                created_at=WHOLE_SECOND,
            )
        )
    return present(Kind.EVENT, key)


async def _update(world: World, table: Table, key: object, **values: object) -> None:
    async with world.database.begin() as connection:
        await connection.execute(update(table).where(table.c.id == key).values(**values))
