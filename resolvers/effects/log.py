"""Writing changes into the log of an account. `resolvers.audit.reads` reads it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import (
    ARRAY,
    Boolean,
    ColumnElement,
    Text,
    Uuid,
    bindparam,
    case,
    cast,
    func,
    insert,
    literal,
    null,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB

from authz.callers.actors import Actor
from authz.guards.exclusive import Authorized
from authz.guards.staff import StaffAtWork
from engine.writes.fixed_statements import FixedStatement
from engine.writes.sessions import WriteSession
from models.accounts.trees import columns_of
from models.base.ids import Kind, new_id, present
from models.effects.events import events
from resolvers.effects.access_told import CHANGES_LIMITS, tells_access, told_by_ends
from resolvers.effects.event_types import EventType
from resolvers.effects.promised import hold_to_promises

Change = dict[str, str | int | bool | list[str] | None]
"""The changed values, before or after: plain JSON with global ids, and never a secret."""


async def record(
    session: WriteSession,
    principal: Actor,
    account: Authorized,
    event_type: EventType,
    subject_id: str,
    before: Change | None = None,
    after: Change | None = None,
    reason: str | None = None,
) -> None:
    """Write an event into the account's log, in the transaction that makes the change.

    `subject_id` is the global id of what changed. Without a `reason` of its own the event gets the request's
    reason, or else the reason of the break-glass opening that gave the right (R54, N3).
    """
    await record_in_each(session, principal, (account,), event_type, subject_id, before, after, reason)


async def record_of_account(
    session: WriteSession,
    principal: Actor,
    account: Authorized,
    event_type: EventType,
    before: Change | None = None,
    after: Change | None = None,
    reason: str | None = None,
) -> None:
    """Write an event about the account itself."""
    subject_id = present(Kind.ACCOUNT, account.account_id)
    await record(session, principal, account, event_type, subject_id, before, after, reason)


async def record_in_each(
    session: WriteSession,
    principal: Actor,
    of: Sequence[Authorized],
    event_type: EventType,
    subject_id: str,
    before: Change | None = None,
    after: Change | None = None,
    reason: str | None = None,
    *,
    narrows: bool = False,
    excepts: bool = True,
) -> None:
    """Write the event into the logs of several accounts of one tree, in one statement. `narrows`: it only
    takes from what was given or offered before, so no promise is asked. `excepts`: for the reason an owner
    may break promises."""
    values = {
        "master_id": of[0].master_id,
        "type": event_type.value,
        "actor_user_id": principal.user_id,
        "actor_api_key_id": principal.api_key_id,
        "actor_token_id": principal.token_id,
        "subject_id": subject_id,
        "before": orjson.dumps(before).decode(),
        "after": orjson.dumps(after).decode(),
        "account_ids": [account.account_id for account in of],
        "ids": [new_id() for _ in of],
        "actor_account_ids": [account.acting_from for account in of],
        "reasons": [reason or principal.reason or account.opened_because for account in of],
        "by_break_glass": [account.opened_because is not None for account in of],
        "tells_access": tells_access(event_type, list(after or ())),
        "limits_too": event_type in CHANGES_LIMITS,
    }
    await _RECORD.send(session, values)
    if not narrows:
        told = reason or principal.reason if excepts else None
        tree, changed = of[0].master_id, [account.account_id for account in of]
        await hold_to_promises(session, principal, event_type, subject_id, tree, changed, told)


async def record_of_each(
    session: WriteSession,
    principal: Actor,
    account: Authorized,
    event_type: EventType,
    befores: Mapping[str, Change],
) -> None:
    """Write one event for each of several things in one account, in one trip. `befores`: their values
    before the change, by global id."""
    ends = [Ended(account, event_type, subject_id, before) for subject_id, before in befores.items()]
    await record_ends(session, principal, ends)


@dataclass(frozen=True)
class Ended:
    """Something that a change ended: in which account, and its values before."""

    account: Authorized
    event_type: EventType
    subject_id: str
    before: Change


async def record_ends(session: WriteSession, principal: Actor, ends: Iterable[Ended]) -> None:
    """Write one event for each thing that ended, in one trip, each into its account's log. Who lost access by
    it is found out in another one."""
    ends = tuple(ends)
    told = await told_by_ends(session, [(end.account.account_id, end.event_type) for end in ends])
    rows = [
        {
            **columns_of(end.account),
            "id": new_id(),
            "type": end.event_type.value,
            "actor_user_id": principal.user_id,
            "actor_api_key_id": principal.api_key_id,
            "actor_token_id": principal.token_id,
            "actor_account_id": end.account.acting_from,
            "reason": principal.reason or end.account.opened_because,
            "by_break_glass": end.account.opened_because is not None,
            "subject_id": end.subject_id,
            "before": end.before,
            "access": access,
        }
        for end, access in zip(ends, told, strict=True)
    ]
    await session.execute_each(insert(events), rows)


_ACCOUNT_IDS = bindparam("account_ids", type_=ARRAY(Uuid()))
_EACH = (
    func.unnest(
        _ACCOUNT_IDS,
        bindparam("ids", type_=ARRAY(Uuid())),
        bindparam("actor_account_ids", type_=ARRAY(Uuid())),
        bindparam("reasons", type_=ARRAY(Text())),
        bindparam("by_break_glass", type_=ARRAY(Boolean())),
    )
    .table_valued("account_id", "id", "actor_account_id", "reason", "by_break_glass")
    .render_derived("each_account")
)
_ROWS: dict[str, ColumnElement[Any]] = {
    "master_id": bindparam("master_id", type_=Uuid()),
    "type": bindparam("type", type_=Text()),
    "actor_user_id": bindparam("actor_user_id", type_=Uuid()),
    "actor_api_key_id": bindparam("actor_api_key_id", type_=Uuid()),
    "actor_token_id": bindparam("actor_token_id", type_=Uuid()),
    "subject_id": bindparam("subject_id", type_=Text()),
    "before": cast(bindparam("before", type_=Text()), JSONB),
    "after": cast(bindparam("after", type_=Text()), JSONB),
    **_EACH.c,
}
_TOLD = (
    select(
        case(
            (
                bindparam("tells_access", type_=Boolean()),
                func.mandant_access_changes(
                    _ACCOUNT_IDS, bindparam("limits_too", type_=Boolean()), type_=JSONB
                ),
            )
        ).label("changes")
    )
    .cte("told")
    .prefix_with("MATERIALIZED")
)
_IN_EACH = func.mandant_access_changes_in(_TOLD.c.changes, _EACH.c.account_id, type_=JSONB)
_ROWS["access"] = case((func.cardinality(_ACCOUNT_IDS) == 1, _TOLD.c.changes), else_=_IN_EACH)
_RECORD = FixedStatement(
    insert(events).from_select(
        list(_ROWS), select(*_ROWS.values()).select_from(_EACH.join(_TOLD, true())), include_defaults=False
    )
)


async def record_of_staff(
    session: WriteSession,
    staff: StaffAtWork,
    event_type: EventType,
    subject_id: str,
    before: Change | None = None,
    after: Change | None = None,
    reason: str | None = None,
) -> None:
    """Write an event about what platform staff did. The log shows the change and not the person."""
    told = func.mandant_access_changes(
        literal([staff.account_id], ARRAY(Uuid)), event_type in CHANGES_LIMITS, type_=JSONB
    )
    await session.send_built(
        insert(events).values(
            master_id=staff.master_id,
            account_id=staff.account_id,
            id=new_id(),
            type=event_type.value,
            staff_user_id=staff.user_id,
            subject_id=subject_id,
            before=before,
            after=after,
            reason=reason,
            access=told if tells_access(event_type, list(after or ())) else null(),
        )
    )
