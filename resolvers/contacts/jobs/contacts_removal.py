"""Removing what a closed account kept of people and wrote to them, a batch in each transaction.

Who must not be written to is kept: block entries, unsubscribes and bounces go by digests. The entries no
longer show the addresses, and free texts are removed, as after an erasure (T23).
"""

import uuid
from collections.abc import Sequence

from sqlalchemy import ARRAY, Table, Uuid, delete, func, literal, select, update

from authz.wall.tree_door import in_data_plane
from engine.writes.sessions import WriteSession, WriteSessions
from models.accounts.trees import in_account
from models.block_list.tables import block_entries
from models.contacts.jobs import ContactJobStatus, contact_import_errors, contact_import_parts
from models.contacts.tables import (
    contact_attributes,
    contact_list_members,
    contact_lists,
    contact_values,
    contacts,
)
from models.effects.jobs import Job
from models.messages.attachments import attachments, message_attachments
from models.messages.events import message_events
from models.messages.orders import order_keys
from models.messages.tables import message_bodies, message_keys, messages
from models.suppressions.tables import unsubscribes
from models.templates.tables import template_versions, templates
from resolvers.contacts.evidence import ERASED
from resolvers.contacts.jobs.work import OpenJob, begin, do_in_steps, end, note_reached

_BATCH = 5_000

_REMOVED: Sequence[Table] = (
    contact_list_members,
    contact_values,
    contacts,
    contact_lists,
    contact_attributes,
    contact_import_parts,
    contact_import_errors,
    message_events,
    order_keys,
    message_attachments,
    attachments,
    messages,
    message_bodies,
    message_keys,
    template_versions,
    templates,
)
"""Those first that refer to others."""


async def remove_contacts(sessions: WriteSessions, job: Job) -> None:
    """Do the job. Nobody can open the account again."""
    await do_in_steps(sessions, job, _remove_some)


async def _remove_some(session: WriteSession, job: OpenJob) -> bool:
    """Whether there may be more."""
    await begin(session, job)
    async with in_data_plane(session, job.account):
        is_removed = await _remove_rows(session, job) or await _forget_evidence(session, job)
        last = None if is_removed else await _forget_addresses(session, job)
    if last is not None:
        await note_reached(session, job, last)
    if is_removed or last is not None:
        return True
    await end(session, job, ContactJobStatus.DONE)
    return False


async def _remove_rows(session: WriteSession, job: OpenJob) -> bool:
    """Remove a batch of the first table that has rows left. Whether there is one."""
    for table in _REMOVED:
        key = [each for each in table.primary_key if each.name not in ("master_id", "account_id")]
        some = select(*key).where(in_account(table, job.account)).limit(_BATCH)
        rows = (await session.execute(some)).all()
        if rows:
            # As values: PostgreSQL may look at a sub-select once for each row. Other rows of the same lists
            # and contacts go as well.
            values = zip(key, zip(*rows, strict=True), strict=True)
            these = [each == func.any(literal(list(set(ids)), ARRAY(each.type))) for each, ids in values]
            await session.send_built(delete(table).where(in_account(table, job.account), *these))
            return True
    return False


async def _forget_evidence(session: WriteSession, job: OpenJob) -> bool:
    """A batch of unsubscribes no longer tells how the recipient agreed. Whether there was one."""
    stored = unsubscribes.c
    some = (
        select(stored.id)
        .where(in_account(unsubscribes, job.account), stored.evidence != ERASED)
        .limit(_BATCH)
    )
    ids = list((await session.execute(some)).scalars())
    if ids:
        these = stored.id == func.any(literal(ids, ARRAY(Uuid)))
        forgetting = update(unsubscribes).where(in_account(unsubscribes, job.account), these)
        await session.send_built(forgetting.values(evidence=ERASED))
    return bool(ids)


async def _forget_addresses(session: WriteSession, job: OpenJob) -> uuid.UUID | None:
    """A batch of block entries shows neither address nor source any more. The last of them; None: all were
    passed."""
    entry = block_entries.c
    some = (
        select(entry.id)
        .where(
            in_account(block_entries, job.account),
            entry.id > literal(job.reached or uuid.UUID(int=0), Uuid),
            func.num_nonnulls(entry.sealed_address, entry.sealed_hash, entry.source) > 0,
        )
        .order_by(entry.id)
        .limit(_BATCH)
    )
    forgetting = (
        update(block_entries)
        .where(in_account(block_entries, job.account), entry.id.in_(some))
        .values(sealed_address=None, sealed_hash=None, source=None)
        .returning(entry.id)
    )
    return max((await session.execute(forgetting)).scalars(), default=None)
