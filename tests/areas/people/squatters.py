"""An address that was never proved: who signed up with it, and what comes to its mailbox."""

from dataclasses import dataclass
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from models.base.ids import Kind, parse
from models.people.users import users
from resolvers.effects.mail_limits import MailKind
from resolvers.invitations.mail_kinds import INVITATION
from resolvers.people.mail_kinds import PASSWORD_RESET
from resolvers.shares.mail_kinds import SHARE
from tests.areas.effects.log import Mail, mails_to
from tests.client.api import Api
from tests.client.mutations import ROLE_IDS, Token, done
from tests.world.world import PASSWORD, Member

OTHER_PASSWORD = "the mailbox's own password"
MADE = "token secret deviceToken user { id name emailVerifiedAt } account { id } apiKey { id }"
ACCOUNTS = "{ viewer { user { id name email } accounts { nodes { id } } } }"


@dataclass(frozen=True)
class Squatter:
    """Somebody who signed up with another's address."""

    email: str
    session: Token
    key: Token
    device: str
    account_id: str
    user_id: str


async def squatting(stranger: Api) -> Squatter:
    """Signs up with an address of somebody else: with an account, a session and a key of its own."""
    email = f"victim-{uuid4().hex}@example.com"
    wanted = {"name": "Squatter", "email": email, "password": PASSWORD, "accountName": "Squatted"}
    made = await done(stranger, "signUp", None, MADE, **wanted)
    assert made["user"]["emailVerifiedAt"] is None
    account_id, user_id = made["account"]["id"], made["user"]["id"]
    session, key = Token(made["token"]), Token(made["secret"])
    return Squatter(email, session, key, made["deviceToken"], account_id, user_id)


async def offered(
    api: Api, database: AsyncEngine, house: Member, email: str, role: BuiltinRole = BuiltinRole.MARKETER
) -> str:
    """The secret of an invitation."""
    offer = {"accountId": house.account.id, "email": email, "roleId": ROLE_IDS[role]}
    await done(api, "memberInvite", house, **offer, idempotencyKey=uuid4().hex)
    return await secret(database, email, INVITATION)


async def shared(api: Api, database: AsyncEngine, house: Member, email: str) -> str:
    """The secret of a share."""
    offer = {"accountIds": [house.account.id], "email": email, "areas": ["STATISTICS"]}
    await done(api, "shareCreate", house, **offer, idempotencyKey=uuid4().hex)
    return await secret(database, email, SHARE)


async def secret(database: AsyncEngine, email: str, kind: MailKind) -> str:
    """The secret in the newest mail of the kind."""
    return (await mails_of(database, email, kind))[-1].token


async def mails_of(database: AsyncEngine, email: str, kind: MailKind) -> list[Mail]:
    """All mail of the kind to the address, oldest first."""
    return [mail for mail in await mails_to(database, email) if mail.subject == kind.subject]


async def works(api: Api, token: Token) -> bool:
    """Whether a session or a key is still good."""
    answer = await api.ask("{ viewer { id } }", token)
    return not answer.errors


async def reset_link(api: Api, database: AsyncEngine, email: str) -> str:
    """The secret of a new link for a new password."""
    await done(api, "passwordResetRequest", None, email=email)
    return await secret(database, email, PASSWORD_RESET)


async def is_verified(database: AsyncEngine, squatter: Squatter) -> bool:
    """Whether the address was proved, by the database."""
    statement = select(users.c.email_verified_at).where(users.c.id == parse(Kind.USER, squatter.user_id))
    async with database.connect() as connection:
        return (await connection.execute(statement)).scalar_one() is not None
