"""Rows of templates, behind the lock of their account and in the data plane."""

from dataclasses import dataclass

from sqlalchemy import func, insert, select, update

from authz.guards.exclusive import Authorized
from authz.policy.refusals import NotFound, Refusal, RefusalCode
from engine.writes.sessions import WriteSession
from models.accounts.trees import columns_of, in_account, in_tree
from models.base.ids import TemplateId, new_id
from models.base.text_forms import forms_of
from models.templates.tables import TemplateChannel, template_versions, templates
from resolvers.effects.log import Change
from resolvers.templates.parts import Parts

MOST_TEMPLATES = 1_000
"""Of one account."""

MOST_VERSIONS = 1_000
"""Of one template."""


@dataclass(frozen=True)
class TemplateChange:
    """A template of a locked account."""

    account: Authorized
    template_id: TemplateId


@dataclass(frozen=True)
class Content:
    """What a version says, with what the template is called since."""

    name: str
    external_id: str | None
    parts: Parts

    def logged(self, version: int) -> Change:
        """As the log shows it: without the parts, which the versions show."""
        return {"name": self.name, "externalId": self.external_id, "version": version}


@dataclass(frozen=True)
class Stored:
    """A template as it is."""

    channel: TemplateChannel
    version: int
    content: Content


async def read_template(session: WriteSession, change: TemplateChange) -> Stored:
    """The template with its newest version. Raises NOT_FOUND."""
    found, newest = templates.alias(), template_versions.alias()
    is_newest = in_tree(newest, found, account_id="account_id", template_id="id", number="version")
    statement = (
        select(
            found.c.channel,
            found.c.version,
            found.c.name,
            found.c.external_id,
            newest.c.subject,
            newest.c.text,
            newest.c.html,
        )
        .select_from(found.join(newest, is_newest))
        .where(
            in_account(found, change.account),
            in_account(newest, change.account),
            found.c.id == change.template_id,
            found.c.deleted_at.is_(None),
        )
    )
    row = (await session.execute(statement)).one_or_none()
    if row is None:
        raise NotFound("templateId")
    content = Content(row.name, row.external_id, Parts(row.subject, row.text, row.html))
    return Stored(TemplateChannel(row.channel), row.version, content)


async def insert_template(
    session: WriteSession, change: TemplateChange, channel: TemplateChannel, content: Content
) -> None:
    """The template with its first version. Raises FAILED_PRECONDITION beyond the limit."""
    counted = select(func.count()).where(
        in_account(templates, change.account), templates.c.deleted_at.is_(None)
    )
    if (await session.execute(counted)).scalar_one() >= MOST_TEMPLATES:
        message = f"An account has at most {MOST_TEMPLATES:,} templates."
        raise Refusal(RefusalCode.FAILED_PRECONDITION, message, "name")
    await session.send_built(
        insert(templates).values(
            **columns_of(change.account),
            id=change.template_id,
            name=content.name,
            external_id=content.external_id,
            channel=channel.value,
            version=1,
        )
    )
    await _insert_version(session, change, 1, content.parts)


async def add_version(session: WriteSession, change: TemplateChange, number: int, content: Content) -> None:
    """The next version becomes the newest one. Raises FAILED_PRECONDITION beyond the limit."""
    if number > MOST_VERSIONS:
        message = f"A template has at most {MOST_VERSIONS:,} versions. Create another one."
        raise Refusal(RefusalCode.FAILED_PRECONDITION, message, "templateId")
    await _insert_version(session, change, number, content.parts)
    await write_template(
        session,
        change,
        name=content.name,
        external_id=content.external_id,
        version=number,
        **forms_of(templates, content.name),
    )


async def write_template(session: WriteSession, change: TemplateChange, **values: object) -> None:
    """Change the template's row."""
    this = in_account(templates, change.account), templates.c.id == change.template_id
    await session.send_built(update(templates).where(*this).values(**values))


async def check_external_id(session: WriteSession, change: TemplateChange, external_id: str | None) -> None:
    """Raise CONFLICT if another template of the account has it."""
    if external_id is None:
        return
    found = templates.c
    statement = select(found.id).where(
        in_account(templates, change.account),
        found.external_id == external_id,
        found.id != change.template_id,
    )
    if (await session.execute(statement)).scalar_one_or_none() is not None:
        message = "Another template of the account has this external id."
        raise Refusal(RefusalCode.CONFLICT, message, "externalId")


async def _insert_version(session: WriteSession, change: TemplateChange, number: int, parts: Parts) -> None:
    await session.send_built(
        insert(template_versions).values(
            **columns_of(change.account),
            id=new_id(),
            template_id=change.template_id,
            number=number,
            subject=parts.subject,
            text=parts.text,
            html=parts.html,
        )
    )
