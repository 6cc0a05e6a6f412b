"""Links to a person's own mailbox, written straight into the database."""

import datetime

from sqlalchemy import insert

from authz.callers.tokens import TokenKind, digest_of, generate
from models.base.ids import new_id
from models.people.mailbox_links import MailboxLinkKind, mailbox_links
from tests.world.world import Person, World


async def give_link(world: World, person: Person, kind: MailboxLinkKind) -> str:
    """The secret of a link that works for an hour."""
    token = generate(TokenKind[kind.name])
    ends = datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=1)
    async with world.database.begin() as connection:
        await connection.execute(
            insert(mailbox_links).values(
                id=new_id(), user_id=person.key, kind=kind.value, digest=digest_of(token), expires_at=ends
            )
        )
    return token
