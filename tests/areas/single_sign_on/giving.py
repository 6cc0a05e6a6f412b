"""Single sign-on of master accounts, written straight into the database."""

from sqlalchemy import func, insert, update

from authz.callers.tokens import TokenKind, digest_of, generate
from authz.policy.builtin_roles import BuiltinRole
from models.single_sign_on.tables import (
    single_sign_on_attempts,
    single_sign_on_codes,
    single_sign_on_exceptions,
    single_sign_on_identities,
    single_sign_on_roles,
    single_sign_on_tokens,
    single_sign_ons,
)
from tests.world.world import Account, Person, World

VERIFIER = "what the page that began the sign-in keeps"


async def give_single_sign_on(world: World, account: Account, exception: Person | None = None) -> None:
    """The master account has it, with a value in every setting."""
    own = {"master_id": account.master, "account_id": account.key}
    values = {
        "issuer": "https://login.example.com",
        "client_id": "mandant",
        "client_secret": b"sealed",
        "audience": "https://api.example.com",
        "enforcement": "OPTIONAL",
        "role_claim": "groups",
        "default_role_id": BuiltinRole.ANALYST.id,
    }
    role = {"position": 0, "value": "all", "role_id": BuiltinRole.ANALYST.id}
    async with world.database.begin() as connection:
        await connection.execute(insert(single_sign_ons).values(**own, **values))
        await connection.execute(insert(single_sign_on_roles).values(**own, **role))
        if exception is not None:
            await connection.execute(insert(single_sign_on_exceptions).values(**own, user_id=exception.key))


async def give_code(world: World, account: Account) -> str:
    """The account has single sign-on, and somebody has come back with this code."""
    person, code = await world.person(), generate(TokenKind.SIGN_IN_CODE)
    await give_single_sign_on(world, account)
    await give_identity(world, account, person)
    own = single_sign_on_codes.c.user_id == person.key
    async with world.database.begin() as connection:
        given = update(single_sign_on_codes).where(own)
        await connection.execute(given.values(digest=digest_of(code)))
    return code


async def give_identity(world: World, account: Account, person: Person) -> None:
    """The issuer names the person, who is about to sign in."""
    own = {"master_id": account.master, "account_id": account.key}
    subject, soon = person.key.hex, func.now() + func.make_interval(0, 0, 0, 1)
    page = {"challenge": digest_of(VERIFIER)}
    code = page | {"user_id": person.key, "sign_on_master_id": account.master, "sign_on_subject": subject}
    async with world.database.begin() as connection:
        await connection.execute(
            insert(single_sign_on_identities).values(**own, user_id=person.key, subject=subject)
        )
        for table, more in (
            (single_sign_on_codes, code),
            (single_sign_on_attempts, page),
            (single_sign_on_tokens, {}),
        ):
            await connection.execute(insert(table).values(digest=person.key.bytes, expires_at=soon, **more))
