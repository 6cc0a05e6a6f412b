"""Templates, written straight into the database."""

import uuid
from typing import Any

from sqlalchemy import insert

from models.base.ids import Kind, new_id, present_in_account
from models.templates.tables import TemplateChannel, template_versions, templates
from tests.world.world import Account, World


async def give_template(
    world: World,
    account: Account,
    name: str,
    *,
    channel: TemplateChannel = TemplateChannel.EMAIL,
    external_id: str | None = None,
    text: str = "Hello {{ contact.email }}",
    html: str | None = None,
) -> uuid.UUID:
    """The account has a template with this text."""
    key = new_id()
    place: dict[str, Any] = {"master_id": account.master, "account_id": account.key}
    subject = "Hello" if channel is TemplateChannel.EMAIL else None
    named = {"name": name, "external_id": external_id, "channel": channel.value}
    parts = {"subject": subject, "text": text, "html": html}
    async with world.database.begin() as connection:
        await connection.execute(insert(templates).values(**place, **named, id=key, version=1))
        await connection.execute(
            insert(template_versions).values(**place, **parts, id=new_id(), template_id=key, number=1)
        )
    return key


def template_id(account: Account, key: uuid.UUID) -> str:
    """As clients see it."""
    return present_in_account(Kind.TEMPLATE, account.key, key)
