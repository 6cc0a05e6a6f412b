"""Factors and challenges, written straight into the database."""

import os

from sqlalchemy import func, insert, literal, select, text

from authz.callers.tokens import TokenKind, digest_of, generate
from models.base.ids import Kind, new_id, present
from models.people.users import users
from models.second_factor.tables import (
    ChallengePurpose,
    factor_challenges,
    factor_resets,
    passkeys,
    recovery_codes,
    totp_secrets,
)
from tests.world.world import Person, World

_HOUR = literal(1) * text("interval '1 hour'")


async def give_passkey(world: World, person: Person) -> str:
    """A passkey that nobody can use."""
    key = new_id()
    made = insert(passkeys).values(
        id=key, user_id=person.key, name="Key", credential_id=os.urandom(32), public_key=b"x", sign_count=0
    )
    async with world.database.begin() as connection:
        await connection.execute(made)
    return present(Kind.PASSKEY, key)


async def give_challenge(world: World, person: Person) -> str:
    """The token of a sign-in's challenge."""
    token = generate(TokenKind.FACTOR_CHALLENGE)
    async with world.database.begin() as connection:
        stored = select(users.c.password_hash).where(users.c.id == person.key)
        password_hash = (await connection.execute(stored)).scalar_one()
        await connection.execute(
            insert(factor_challenges).values(
                id=new_id(),
                purpose=ChallengePurpose.SIGN_IN.value,
                digest=digest_of(token),
                user_id=person.key,
                password_digest=digest_of(password_hash),
                nonce=os.urandom(32),
                expires_at=func.now() + _HOUR,
            )
        )
    return token


async def give_everything(world: World, person: Person) -> None:
    """A row in each table of factors."""
    await give_passkey(world, person)
    async with world.database.begin() as connection:
        await connection.execute(insert(totp_secrets).values(user_id=person.key, secret=b"sealed"))
        await connection.execute(insert(recovery_codes).values(user_id=person.key, digest=os.urandom(32)))
        await connection.execute(
            insert(factor_resets).values(user_id=person.key, expires_at=func.now() + _HOUR)
        )
