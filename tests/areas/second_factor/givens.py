"""What every mutation of second factors needs in a place, made of the place's id, so that it is known."""

import base64
import hashlib
import json
import uuid
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import Table, func, insert, literal, select, text

from authz.callers.tokens import TokenKind, digest_of, generate
from authz.policy.builtin_roles import BuiltinRole
from models.base.ids import Kind, new_id, present
from models.members.tables import memberships
from models.people.users import ownerships, users
from models.second_factor.tables import (
    ChallengePurpose,
    factor_challenges,
    factor_resets,
    passkeys,
    recovery_codes,
    totp_secrets,
)
from resolvers.sealing.keyring import Keyring
from resolvers.second_factor.factors import recovery_digest
from resolvers.second_factor.sealed_columns import TOTP_SECRET
from tests.areas.second_factor.steps import SITE, App
from tests.client.authenticator import SoftPasskey
from tests.world.world import Account, World

_KEYRING = Keyring([b"another secret of the tests"])
"""That of the tests' deployment, see `tests.conftest`."""
_TOKENS: dict[tuple[uuid.UUID, ChallengePurpose], str] = {}


def nonce_of(account: Account, purpose: ChallengePurpose) -> bytes:
    """What is signed for a challenge of the place."""
    return hashlib.sha256(account.key.bytes + purpose.value.encode()).digest()


def token_of(account: Account, purpose: ChallengePurpose) -> str:
    """The token of a challenge of the place."""
    return _TOKENS.setdefault((account.key, purpose), generate(TokenKind.FACTOR_CHALLENGE))


def code_of_app(account: Account) -> str:
    """What the app of the place shows now."""
    return App(_secret(account)).code()


def recovery_code(account: Account) -> str:
    """Of who owns the place's master account."""
    return account.key.hex[:16]


def passkey_of(account: Account) -> SoftPasskey:
    """The same."""
    return SoftPasskey(SITE, key=ec.derive_private_key(account.key.int, ec.SECP256R1()), id=account.key.bytes)


def answer_of(account: Account, purpose: ChallengePurpose) -> str:
    """A passkey's answer to a challenge of the place."""
    challenge = base64.urlsafe_b64encode(nonce_of(account, purpose)).rstrip(b"=").decode()
    options = {"rp": {"id": "mandant.test"}, "rpId": "mandant.test", "challenge": challenge}
    if purpose is ChallengePurpose.PASSKEY_ADD:
        return SoftPasskey(SITE).create(json.dumps(options))
    return passkey_of(account).get(json.dumps(options))


def right_inputs(account: Account, passkey_id: str, own_password: str) -> dict[str, dict[str, Any]]:
    """An input that works for each mutation that is about factors alone."""
    password, device = {"password": own_password}, {"deviceToken": "mdd_x"}
    signing, alone, adding = ({"challengeToken": token_of(account, each)} for each in ChallengePurpose)
    made = answer_of(account, ChallengePurpose.PASSKEY_ADD)
    answer = answer_of(account, ChallengePurpose.PASSKEY_SIGN_IN)
    return {
        **dict.fromkeys(("totpStart", "totpDisable", "recoveryCodesRenew", "passkeyStart"), password),
        "totpConfirm": {"code": code_of_app(account)},
        "passkeyAdd": adding | {"name": "Laptop", "credential": made},
        "passkeyRemove": {"passkeyId": passkey_id, **password},
        "signInConfirm": signing | {"code": recovery_code(account), "passkey": None} | device,
        "passkeySignIn": alone | {"passkey": answer} | device,
        "secondFactorResetRequest": signing,
    }


async def give_factors(world: World, account: Account) -> str:
    """Who owns the master account has a passkey, a recovery code, challenges, and an app to be confirmed. The
    account's owner has an app, and its analysts have asked for resets. Returns the passkey's id."""
    async with world.database.begin() as connection:

        async def owner_of(key: uuid.UUID) -> Any:
            found = select(users.c.id, users.c.password_hash).join(
                ownerships, ownerships.c.user_id == users.c.id
            )
            return (await connection.execute(found.where(ownerships.c.account_id == key))).one()

        async def store(table: Table, **values: Any) -> None:
            await connection.execute(insert(table).values(values))

        above, owner = await owner_of(account.master), await owner_of(account.key)
        key, numbers = new_id(), passkey_of(account)
        await store(
            passkeys,
            id=key,
            user_id=above.id,
            name="Key",
            credential_id=numbers.id,
            public_key=numbers.public_key,
            sign_count=0,
        )
        await store(recovery_codes, user_id=above.id, digest=recovery_digest(recovery_code(account)))
        for person, confirmed_at in ((above, None), (owner, func.now())):
            sealed = _KEYRING.seal(TOTP_SECRET.place({"user_id": person.id}), _secret(account).encode())
            await store(totp_secrets, user_id=person.id, secret=sealed, confirmed_at=confirmed_at)
        for purpose in ChallengePurpose:
            is_sign_in = purpose is ChallengePurpose.SIGN_IN
            await store(
                factor_challenges,
                id=new_id(),
                purpose=purpose.value,
                digest=digest_of(token_of(account, purpose)),
                user_id=None if purpose is ChallengePurpose.PASSKEY_SIGN_IN else above.id,
                password_digest=digest_of(above.password_hash) if is_sign_in else None,
                nonce=nonce_of(account, purpose),
                expires_at=func.now() + _hours(1),
            )
        analysts = select(memberships.c.user_id).where(
            memberships.c.account_id == account.key, memberships.c.role_id == BuiltinRole.ANALYST.id
        )
        for user_id in (await connection.execute(analysts)).scalars():
            await store(factor_resets, user_id=user_id, expires_at=func.now() + _hours(1))
    return present(Kind.PASSKEY, key)


def _hours(many: int) -> Any:
    return literal(many) * text("interval '1 hour'")


def _secret(account: Account) -> str:
    return base64.b32encode(account.key.bytes).decode().rstrip("=")
