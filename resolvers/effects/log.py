"""Writing changes into the log of an account. `resolvers.audit.reads` reads it."""

import enum
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import ARRAY, ColumnElement, Text, Uuid, bindparam, cast, func, insert, select
from sqlalchemy.dialects.postgresql import JSONB

from authz.callers.actors import Actor
from authz.dry_runs.try_out import note_touched
from authz.guards.exclusive import Authorized
from authz.guards.staff import StaffAtWork
from engine.writes.fixed_statements import FixedStatement
from engine.writes.sessions import WriteSession
from models.base.ids import new_id
from models.effects.events import events


class EventKind(enum.Enum):
    """What happened."""

    ACCOUNT_CREATED = "account.created"
    ACCOUNT_UPDATED = "account.updated"
    ACCOUNT_SUSPENDED = "account.suspended"
    ACCOUNT_RESUMED = "account.resumed"
    ACCOUNT_CLOSED = "account.closed"
    MEMBER_INVITED = "member.invited"
    MEMBER_JOINED = "member.joined"
    MEMBER_UPDATED = "member.updated"
    MEMBER_REMOVED = "member.removed"
    MEMBER_LEFT = "member.left"
    INVITATION_REVOKED = "invitation.revoked"
    INVITATION_DECLINED = "invitation.declined"
    OWNERSHIP_OFFERED = "ownership.offered"
    OWNERSHIP_TRANSFERRED = "ownership.transferred"
    OWNERSHIP_DECLINED = "ownership.declined"
    OWNERSHIP_WITHDRAWN = "ownership.withdrawn"
    API_KEY_CREATED = "api_key.created"
    API_KEY_ROTATED = "api_key.rotated"
    API_KEY_REVOKED = "api_key.revoked"
    API_KEY_UPDATED = "api_key.updated"
    API_KEY_ADOPTED = "api_key.adopted"
    SHARE_CREATED = "share.created"
    SHARE_ACCEPTED = "share.accepted"
    SHARE_UPDATED = "share.updated"
    SHARE_REVOKED = "share.revoked"
    SHARE_LEFT = "share.left"
    SHARE_DECLINED = "share.declined"
    ROLE_CREATED = "role.created"
    ROLE_UPDATED = "role.updated"
    ROLE_DELETED = "role.deleted"
    PARENT_ACCESS_UPDATED = "parent_access.updated"
    PARENT_ACCESS_REQUESTED = "parent_access.requested"
    PARENT_ACCESS_DECLINED = "parent_access.declined"
    PARENT_ACCESS_WITHDRAWN = "parent_access.withdrawn"
    BREAK_GLASS_OPENED = "break_glass.opened"
    BREAK_GLASS_ENDED = "break_glass.ended"
    SUBACCOUNTS_REQUESTED = "subaccounts.requested"
    SUBACCOUNTS_DECLINED = "subaccounts.declined"
    SUBACCOUNTS_WITHDRAWN = "subaccounts.withdrawn"
    OVERRIDE_REQUESTED = "override.requested"
    OVERRIDE_STARTED = "override.started"
    OVERRIDE_ENDED = "override.ended"
    ACCESS_EXPIRING = "access.expiring"
    ACCESS_EXPIRED = "access.expired"
    PLAN_CHANGED = "plan.changed"
    PLAN_CHANGE_WITHDRAWN = "plan.change_withdrawn"
    LIMIT_INCREASED = "limit.increased"
    SEND_BUDGET_CHANGED = "send.budget_changed"
    CREDIT_BUDGET_CHANGED = "credit.budget_changed"
    SEND_RESERVED = "send.reserved"
    SEND_COMMITTED = "send.committed"
    SEND_VOIDED = "send.voided"
    RECIPIENTS_UPLOADED = "recipients.uploaded"
    CREDIT_TRANSFERRED = "credit.transferred"
    CREDIT_TOPPED_UP = "credit.topped_up"
    CREDIT_TOP_UP_DECLINED = "credit.top_up_declined"
    CREDIT_MODE_CHANGED = "credit.mode_changed"
    CREDIT_SETTLED = "credit.settled"
    CREDIT_FORFEITED = "credit.forfeited"
    PAYMENT_METHOD_ADDED = "payment_method.added"
    PAYMENT_METHOD_REMOVED = "payment_method.removed"
    TOP_UP_RULE_UPDATED = "top_up_rule.updated"
    TOP_UP_RULE_PAUSED = "top_up_rule.paused"
    TOP_UP_RULE_REMOVED = "top_up_rule.removed"
    BILLING_MODE_CHANGED = "billing.mode_changed"
    BILLING_DETAILS_UPDATED = "billing.details_updated"
    INVOICE_ISSUED = "invoice.issued"
    INVOICE_CREDITED = "invoice.credited"


Change = dict[str, str | int | bool | list[str] | None]
"""The changed values before or after: plain JSON, ids as clients see them, never a secret."""


async def record(
    session: WriteSession,
    principal: Actor,
    account: Authorized,
    kind: EventKind,
    subject_id: str,
    before: Change | None = None,
    after: Change | None = None,
    reason: str | None = None,
) -> None:
    """Write the change into the account's log, in the transaction that makes it.

    `subject_id` is the global id of what was changed. `reason`: the change's own; else the one that the
    request gives, else the one for which the glass was broken (R54, N3).
    """
    await record_in_each(session, principal, (account,), kind, subject_id, before, after, reason)


async def record_in_each(
    session: WriteSession,
    principal: Actor,
    of: Sequence[Authorized],
    kind: EventKind,
    subject_id: str,
    before: Change | None = None,
    after: Change | None = None,
    reason: str | None = None,
) -> None:
    """The same in the logs of several accounts of one tree, in one statement."""
    for account in of:
        note_touched(session, account.account_id)
    values = {
        "master_id": of[0].master_id,
        "kind": kind.value,
        "actor_user_id": principal.user_id,
        "actor_api_key_id": principal.api_key_id,
        "subject_id": subject_id,
        "before": orjson.dumps(before).decode(),
        "after": orjson.dumps(after).decode(),
        "account_ids": [account.account_id for account in of],
        "ids": [new_id() for _ in of],
        "actor_account_ids": [account.acting_from for account in of],
        "reasons": [reason or principal.reason or account.opened_because for account in of],
    }
    await _RECORD.rows(session, values)


async def record_of_each(
    session: WriteSession,
    principal: Actor,
    account: Authorized,
    kind: EventKind,
    befores: Mapping[str, Change],
) -> None:
    """The same of several things in one account that ended alike: of each, by its global id, what it was."""
    if not befores:
        return
    note_touched(session, account.account_id)
    shared = {
        "master_id": account.master_id,
        "account_id": account.account_id,
        "kind": kind.value,
        "actor_user_id": principal.user_id,
        "actor_api_key_id": principal.api_key_id,
        "actor_account_id": account.acting_from,
        "reason": principal.reason or account.opened_because,
    }
    rows = [
        {**shared, "id": new_id(), "subject_id": subject_id, "before": before}
        for subject_id, before in befores.items()
    ]
    await session.execute(insert(events), rows)


_EACH = (
    func.unnest(
        bindparam("account_ids", type_=ARRAY(Uuid())),
        bindparam("ids", type_=ARRAY(Uuid())),
        bindparam("actor_account_ids", type_=ARRAY(Uuid())),
        bindparam("reasons", type_=ARRAY(Text())),
    )
    .table_valued("account_id", "id", "actor_account_id", "reason")
    .render_derived("each_account")
)
_ROWS: dict[str, ColumnElement[Any]] = {
    "master_id": bindparam("master_id", type_=Uuid()),
    "kind": bindparam("kind", type_=Text()),
    "actor_user_id": bindparam("actor_user_id", type_=Uuid()),
    "actor_api_key_id": bindparam("actor_api_key_id", type_=Uuid()),
    "subject_id": bindparam("subject_id", type_=Text()),
    "before": cast(bindparam("before", type_=Text()), JSONB),
    "after": cast(bindparam("after", type_=Text()), JSONB),
    **_EACH.c,
}
_RECORD = FixedStatement(insert(events).from_select(list(_ROWS), select(*_ROWS.values())))


async def record_of_staff(
    session: WriteSession,
    staff: StaffAtWork,
    kind: EventKind,
    subject_id: str,
    before: Change | None = None,
    after: Change | None = None,
) -> None:
    """The same of what platform staff did: the log shows what and why, and not who of them."""
    note_touched(session, staff.account_id)
    await session.execute(
        insert(events).values(
            master_id=staff.master_id,
            account_id=staff.account_id,
            id=new_id(),
            kind=kind.value,
            staff_user_id=staff.user_id,
            subject_id=subject_id,
            before=before,
            after=after,
        )
    )
