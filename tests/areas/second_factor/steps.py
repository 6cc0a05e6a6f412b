"""Setting up factors and signing in with them, as a client does it, and what time does to them."""

import asyncio
import time
from typing import Any

import pyotp
from sqlalchemy import func, literal, text, update

from models.second_factor.tables import factor_resets, totp_secrets
from tests.authz.cases.moments import hash_quickly
from tests.client.api import Api, Caller
from tests.client.authenticator import SoftPasskey
from tests.client.mutations import Token, attempt, done
from tests.world.world import PASSWORD, Person, World

SITE = "http://mandant.test"
"""Where the tests' deployment has its pages."""
SIGNED_IN = "token challengeToken secondFactors passkeyOptions"
FACTOR = (
    "{ viewer { secondFactor { proved totp recoveryCodesLeft resetEffectiveAt passkeys { id name lastUsedAt "
    "} "
    "missingIn { nodes { accountId name } } } } }"
)


class App:
    """An authenticator app."""

    def __init__(self, secret: str) -> None:
        self._made = pyotp.TOTP(secret)

    def code(self, steps_ago: int = 0) -> str:
        """The code of now, or the one that it showed before."""
        return self._made.generate_otp(int(time.time()) // 30 - steps_ago)


async def early_in_a_step() -> None:
    """Return while the app shows its code for some ten seconds more."""
    passed = time.time() % 30
    if passed > 20:
        await asyncio.sleep(30.1 - passed)


async def set_up_app(api: Api, caller: Caller) -> tuple[App, list[str]]:
    """The app, and the recovery codes. The code that confirmed it can be used again."""
    started = await done(api, "totpStart", caller, "secret uri", password=PASSWORD)
    app = App(started["secret"])
    made = await done(api, "totpConfirm", caller, "recoveryCodes", code=app.code())
    return app, made["recoveryCodes"]


async def forget_codes(world: World, person: Person) -> None:
    """As if so much time had passed that the app shows another code."""
    async with world.database.begin() as connection:
        await connection.execute(
            update(totp_secrets).where(totp_secrets.c.user_id == person.key).values(last_step=None)
        )


async def with_app(api: Api, world: World, person: Person | None = None) -> tuple[Person, App, list[str]]:
    """A person with an app, whose session has proved it."""
    person = person or await world.person()
    await hash_quickly(world.database, person)
    app, codes = await set_up_app(api, person)
    await forget_codes(world, person)
    return person, app, codes


async def challenged(api: Api, person: Person) -> Any:
    """What `signIn` answers with the right password."""
    return await done(api, "signIn", None, SIGNED_IN, email=person.email, password=PASSWORD)


async def sign_in_by_code(api: Api, person: Person, code: str) -> Token:
    """A session that has proved the code."""
    asked = await challenged(api, person)
    made = await done(api, "signInConfirm", None, "token", challengeToken=asked["challengeToken"], code=code)
    return Token(made["token"])


async def code_is_taken(api: Api, person: Person, code: str) -> str:
    """The refusal of a sign-in with the code; empty if it is done."""
    asked = await challenged(api, person)
    found = await attempt(api, "signInConfirm", None, challengeToken=asked["challengeToken"], code=code)
    return found.code


async def add_passkey(
    api: Api, caller: Caller, name: str = "Laptop", passkey: SoftPasskey | None = None
) -> tuple[SoftPasskey, Any]:
    """A passkey of the caller, and the payload."""
    passkey = passkey or SoftPasskey(SITE)
    started = await done(api, "passkeyStart", caller, "challengeToken passkeyOptions", password=PASSWORD)
    made = await done(
        api,
        "passkeyAdd",
        caller,
        "passkey { id name } recoveryCodes",
        challengeToken=started["challengeToken"],
        name=name,
        credential=passkey.create(started["passkeyOptions"]),
    )
    return passkey, made


async def reset_is_due(world: World, person: Person) -> None:
    """The 24 hours are over."""
    async with world.database.begin() as connection:
        await connection.execute(
            update(factor_resets)
            .where(factor_resets.c.user_id == person.key)
            .values(effective_at=func.now() - literal(1) * text("interval '1 second'"))
        )


async def factor_of(api: Api, caller: Caller) -> Any:
    """What the caller sees of its factors."""
    return (await api.read(FACTOR, caller))["viewer"]["secondFactor"]
