"""Templates: created, changed and deleted."""

from dataclasses import dataclass

from sqlalchemy import func

from authz.callers.principals import Principal
from authz.guards.exclusive import authorize
from authz.policy.permissions import Permission
from authz.policy.refusals import VersionConflict
from authz.wall.tree_door import in_data_plane
from engine.writes.sessions import WriteSession
from models.base.ids import AccountId, IdInAccount, Kind, TemplateId, new_id, present_in_account
from models.templates.tables import TemplateChannel
from resolvers.effects.event_types import EventType
from resolvers.effects.log import Change, record
from resolvers.inputs.text import visible_text
from resolvers.inputs.unchanged import UNCHANGED, Unchanged, new_value
from resolvers.templates.parts import Parts, check_liquid, check_parts
from resolvers.templates.rendering.renderer import Renderer
from resolvers.templates.store import (
    Content,
    TemplateChange,
    add_version,
    check_external_id,
    insert_template,
    read_template,
    write_template,
)


@dataclass(frozen=True, kw_only=True)
class TemplateCreation:
    """A new template."""

    account_id: AccountId
    name: str
    external_id: str | None
    channel: TemplateChannel
    parts: Parts


@dataclass(frozen=True, kw_only=True)
class TemplateUpdate:
    """A template's new values."""

    template_id: IdInAccount
    expected_version: int
    name: str | Unchanged = UNCHANGED
    external_id: str | Unchanged | None = UNCHANGED
    subject: str | Unchanged | None = UNCHANGED
    text: str | Unchanged | None = UNCHANGED
    html: str | Unchanged | None = UNCHANGED


async def create_template(
    session: WriteSession, principal: Principal, renderer: Renderer, command: TemplateCreation
) -> TemplateChange:
    """Make a template, with its first version. Needs TEMPLATES_WRITE.

    Raises CONFLICT for the external id of another template, FAILED_PRECONDITION beyond 1,000 templates,
    BAD_USER_INPUT.
    """
    await check_liquid(renderer, command.parts)
    account = await authorize(session, principal, command.account_id, Permission.TEMPLATES_WRITE)
    change = TemplateChange(account, TemplateId(new_id()))
    name = visible_text(command.name, "name")
    content = Content(name, _external_id(command.external_id), command.parts)
    check_parts(content.parts, command.channel)
    async with in_data_plane(session, account):
        await check_external_id(session, change, content.external_id)
        await insert_template(session, change, command.channel, content)
    after = {**content.logged(1), "channel": command.channel.value}
    await _log(session, principal, change, EventType.TEMPLATE_CREATED, None, after)
    return change


async def update_template(
    session: WriteSession, principal: Principal, renderer: Renderer, command: TemplateUpdate
) -> TemplateChange:
    """Change a template: what differs makes a new version. Needs TEMPLATES_WRITE.

    Raises NOT_FOUND, VersionConflict, CONFLICT for the external id of another template, FAILED_PRECONDITION
    beyond 1,000 versions, BAD_USER_INPUT.
    """
    await check_liquid(renderer, _with_parts(Parts(None, None, None), command))
    change = await _changeable(session, principal, command.template_id)
    async with in_data_plane(session, change.account):
        stored = await read_template(session, change)
        if stored.version != command.expected_version:
            raise VersionConflict(stored.version)
        before = stored.content
        after = _changed(before, command)
        if after == before:
            return change
        if after.parts != before.parts:
            check_parts(after.parts, stored.channel)
        await check_external_id(session, change, after.external_id)
        await add_version(session, change, stored.version + 1, after)
    old, new = before.logged(stored.version), after.logged(stored.version + 1)
    changed = [name for name in new if old[name] != new[name]]
    await _log(
        session,
        principal,
        change,
        EventType.TEMPLATE_UPDATED,
        {name: old[name] for name in changed},
        {name: new[name] for name in changed},
    )
    return change


async def delete_template(
    session: WriteSession, principal: Principal, template_id: IdInAccount
) -> TemplateChange:
    """Hide a template for good. Its versions stay for the messages that were made from them. Needs
    TEMPLATES_WRITE. Raises NOT_FOUND."""
    change = await _changeable(session, principal, template_id)
    async with in_data_plane(session, change.account):
        stored = await read_template(session, change)
        await write_template(session, change, deleted_at=func.now(), external_id=None)
    before = stored.content.logged(stored.version)
    await _log(session, principal, change, EventType.TEMPLATE_DELETED, before, None)
    return change


def _changed(before: Content, command: TemplateUpdate) -> Content:
    name = command.name if command.name is UNCHANGED else visible_text(command.name, "name")
    return Content(
        new_value(name, before.name),
        _external_id(new_value(command.external_id, before.external_id)),
        _with_parts(before.parts, command),
    )


def _with_parts(before: Parts, command: TemplateUpdate) -> Parts:
    return Parts(
        new_value(command.subject, before.subject),
        new_value(command.text, before.text),
        new_value(command.html, before.html),
    )


async def _changeable(
    session: WriteSession, principal: Principal, template_id: IdInAccount
) -> TemplateChange:
    account = await authorize(session, principal, template_id.account_id, Permission.TEMPLATES_WRITE)
    return TemplateChange(account, TemplateId(template_id.id))


def _external_id(text: str | None) -> str | None:
    return None if text is None else visible_text(text, "externalId")


async def _log(
    session: WriteSession,
    principal: Principal,
    change: TemplateChange,
    kind: EventType,
    before: Change | None,
    after: Change | None,
) -> None:
    subject_id = present_in_account(Kind.TEMPLATE, change.account.account_id, change.template_id)
    await record(session, principal, change.account, kind, subject_id, before, after)
