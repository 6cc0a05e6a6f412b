"""Creating subaccounts (R29, R37, R48): complete accounts below another one."""

import uuid
from dataclasses import dataclass, field, replace

from sqlalchemy import func, insert, literal, select

from authz.callers.principals import Principal
from authz.guards.delegation import role_in, role_to_give
from authz.guards.exclusive import Authorized, WriteKind, authorize, authorize_all
from authz.policy.builtin_roles import BuiltinRole
from authz.policy.permissions import Permission
from authz.policy.refusals import Refusal, RefusalCode
from engine.writes.sessions import WriteSession
from models.accounts.tables import DEPTH_LIMIT, account_closure, accounts
from models.base.ids import AccountId, ApiKeyId, InvitationId, Kind, MasterId, new_id, present
from models.settings.tables import SettingName
from resolvers.accounts.change import check_external_id
from resolvers.api_keys.create import NewApiKey, add_api_key
from resolvers.effects.event_types import EventType
from resolvers.effects.idempotency import IdempotentRequest, Outcome, claim_key
from resolvers.effects.log import record_of_account
from resolvers.inputs.emails import email_address
from resolvers.inputs.text import short_text, visible_text
from resolvers.invitations.invite import Offer, add_invitation
from resolvers.plans.effective_plan import effective_plan_of
from resolvers.settings.copy import authorize_source, take_settings
from resolvers.staff.request_subaccounts import SubaccountSetUp, check_unlocked

FIRST_KEY_NAME = "First key"


@dataclass(frozen=True)
class SubaccountCreation:
    """`owner_email`: the person who is invited to own the subaccount (R53). `link`: see MemberInvitation.
    `set_up`: whether platform support has to unlock subaccounts first (R11, R48). `copy`: the settings that
    it gets from another account (R87)."""

    parent_id: AccountId
    name: str
    external_id: str | None
    owner_email: str | None
    idempotency_key: str
    link: str
    set_up: SubaccountSetUp
    copy_from_id: AccountId | None = None
    copy: frozenset[SettingName] = frozenset()


@dataclass(frozen=True)
class SubaccountCreated:
    """What was created. `secret` None: an earlier request under the same key created it and returned the
    secret."""

    account_id: AccountId
    api_key_id: ApiKeyId
    secret: str | None
    invitation_id: InvitationId | None
    replayed: bool


async def create_subaccount(
    session: WriteSession, principal: Principal, command: SubaccountCreation
) -> SubaccountCreated:
    """Create an account below another one, with its first API key (R6).

    Needs SUBACCOUNTS_WRITE in the parent. Raises FAILED_PRECONDITION where platform support has not unlocked
    them, PLAN_REQUIRED where the parent's plan allows none (R10), TREE_TOO_DEEP, CONFLICT for a sibling's
    external id, SETTING_LOCKED, BAD_USER_INPUT, IDEMPOTENCY_MISMATCH. To copy settings needs SETTINGS_READ
    where they come from.
    """
    parent, source = await _authorize(session, principal, command)
    command = _read(command)
    owner = None if command.owner_email is None else email_address(command.owner_email, "ownerEmail")
    content = (command.name, command.external_id, owner and owner.canonical, *_copied(command))
    request = IdempotentRequest("subaccountCreate", command.idempotency_key, content)
    new = _Ids()
    made = {"account": str(new.account), "apiKey": str(new.api_key)}
    if owner is not None:
        made["invitation"] = str(new.invitation)
    earlier = await claim_key(session, principal, parent, request, made)
    if earlier is not None:
        return _replayed(earlier)
    await check_unlocked(session, parent, command.set_up)
    if not (await effective_plan_of(session, parent)).plan.subaccounts_allowed:
        raise Refusal(RefusalCode.PLAN_REQUIRED, field="parentId")
    account = await _add_subaccount(session, principal, parent, new.account, command)
    if source is not None:
        await take_settings(session, principal, account, source, command.copy, "copy")
    administrator = await role_in(session, account, BuiltinRole.ADMINISTRATOR.id)
    scopes = account.mask | account.below_mask
    first_key = NewApiKey(FIRST_KEY_NAME, administrator, scopes, id=new.api_key)
    key = await add_api_key(session, principal, account, first_key)
    if owner is not None:
        role = await role_to_give(session, account, BuiltinRole.OWNER.id, "ownerEmail")
        await add_invitation(
            session, principal, account, Offer(new.invitation, owner, role, None, command.link)
        )
    invitation_id = None if owner is None else new.invitation
    return SubaccountCreated(account.account_id, key.api_key_id, key.secret, invitation_id, replayed=False)


async def _authorize(
    session: WriteSession, principal: Principal, command: SubaccountCreation
) -> tuple[Authorized, Authorized | None]:
    """The parent, and the account that settings are copied from. It may stand anywhere in the tree, which is
    locked then."""
    if (command.copy_from_id is None) == bool(command.copy):
        message = "Give both: the account to copy from, and the settings."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, "copy")
    needed = Permission.SUBACCOUNTS_WRITE, WriteKind.REPEATABLE
    if command.copy_from_id is None:
        return await authorize(session, principal, command.parent_id, *needed), None
    (parent,) = await authorize_all(session, principal, [command.parent_id], *needed)
    return parent, await authorize_source(session, principal, parent, command.copy_from_id, "copyFrom")


def _copied(command: SubaccountCreation) -> tuple[str, ...]:
    """What a repetition is compared by. Empty where nothing is copied, as before there were copies."""
    if command.copy_from_id is None:
        return ()
    return str(command.copy_from_id), *sorted(setting.value for setting in command.copy)


@dataclass(frozen=True)
class _Ids:
    """The ids of what is about to be made."""

    account: AccountId = field(default_factory=lambda: AccountId(new_id()))
    api_key: ApiKeyId = field(default_factory=lambda: ApiKeyId(new_id()))
    invitation: InvitationId = field(default_factory=lambda: InvitationId(new_id()))


def _read(command: SubaccountCreation) -> SubaccountCreation:
    """With normalised texts."""
    external_id = command.external_id
    return replace(
        command,
        name=short_text(command.name, "name"),
        external_id=None if external_id is None else visible_text(external_id, "externalId"),
    )


async def add_account(
    session: WriteSession, master_id: MasterId, account_id: AccountId, values: dict[str, object]
) -> None:
    """Write an account's row and its place in the tree: below itself and below all accounts above its
    parent."""
    parent_id = values.get("parent_id")
    await session.send_built(insert(accounts).values(master_id=master_id, id=account_id, **values))
    await session.send_built(
        insert(account_closure).values(
            master_id=master_id, ancestor_id=account_id, descendant_id=account_id, depth=0
        )
    )
    above = select(
        account_closure.c.master_id,
        account_closure.c.ancestor_id,
        literal(account_id, accounts.c.id.type),
        account_closure.c.depth + 1,
        account_closure.c.passed_mask,
    ).where(account_closure.c.master_id == master_id, account_closure.c.descendant_id == parent_id)
    columns = ["master_id", "ancestor_id", "descendant_id", "depth", "passed_mask"]
    await session.send_built(insert(account_closure).from_select(columns, above))


async def _add_subaccount(
    session: WriteSession,
    principal: Principal,
    parent: Authorized,
    account_id: AccountId,
    command: SubaccountCreation,
) -> Authorized:
    depth = select(func.max(account_closure.c.depth)).where(
        account_closure.c.master_id == parent.master_id,
        account_closure.c.descendant_id == parent.account_id,
    )
    if (await session.execute(depth)).scalar_one() >= DEPTH_LIMIT:
        raise Refusal(RefusalCode.TREE_TOO_DEEP, field="parentId")
    account = Authorized(
        parent.master_id,
        account_id,
        mask=parent.below_mask,
        below_mask=parent.below_mask,
        acting_from=parent.acting_from,
    )
    values: dict[str, object] = {"name": command.name, "parent_id": parent.account_id}
    if command.external_id is not None:
        values["external_id"] = command.external_id
        await check_external_id(session, principal, account, parent.account_id, command.external_id)
    await add_account(session, account.master_id, account.account_id, values)
    after = {"name": str(values["name"]), "parent": present(Kind.ACCOUNT, parent.account_id)}
    await record_of_account(session, principal, account, EventType.ACCOUNT_CREATED, None, dict(after))
    return account


def _replayed(earlier: Outcome) -> SubaccountCreated:
    invitation = earlier.get("invitation")
    return SubaccountCreated(
        AccountId(uuid.UUID(earlier["account"])),
        ApiKeyId(uuid.UUID(earlier["apiKey"])),
        None,
        None if invitation is None else InvitationId(uuid.UUID(invitation)),
        replayed=True,
    )
