"""Secrets: random, with a prefix that tells what they open and a checksum that finds mistakes."""

import hashlib
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.builtin_roles import BuiltinRole
from authz.tokens import TokenKind, digest, digest_of, generate
from models.api_keys import api_keys
from models.invitations import invitations
from models.sessions import sessions
from tests.api import Api
from tests.resolvers.log import mail_to
from tests.resolvers.mutations import ROLE_IDS, done
from tests.world import PASSWORD, World

_LETTERS = string.ascii_letters + string.digits
kinds = st.sampled_from(TokenKind)


@pytest.mark.parametrize("kind", TokenKind)
def test_a_secret_is_its_prefix_and_33_letters_and_digits(kind: TokenKind) -> None:
    secret = generate(kind)
    prefix, _, rest = secret.rpartition("_")
    assert prefix == kind
    assert len(rest) == 33
    assert set(rest) <= set(_LETTERS)


@given(kinds)
def test_a_secret_is_known_by_its_sha256(kind: TokenKind) -> None:
    secret = generate(kind)
    assert digest(secret, kind) == digest(secret, *TokenKind) == hashlib.sha256(secret.encode()).digest()


@given(kinds, kinds)
def test_a_secret_opens_only_what_it_was_made_for(kind: TokenKind, other: TokenKind) -> None:
    assert (digest(generate(kind), other) is None) == (kind is not other)
    assert digest(generate(kind)) is None


@given(kinds, st.data())
def test_one_wrong_letter_is_found_without_asking_the_database(kind: TokenKind, data: st.DataObject) -> None:
    secret = generate(kind)
    place = data.draw(st.integers(0, len(secret) - 1))
    letter = data.draw(st.sampled_from(_LETTERS + "_-é\x00 ").filter(lambda found: found != secret[place]))
    assert digest(secret[:place] + letter + secret[place + 1 :], *TokenKind) is None


@given(kinds, st.data())
def test_two_letters_that_changed_places_are_found(kind: TokenKind, data: st.DataObject) -> None:
    secret = generate(kind)
    place = data.draw(st.integers(0, len(secret) - 2))
    swapped = secret[:place] + secret[place + 1] + secret[place] + secret[place + 2 :]
    assert (digest(swapped, *TokenKind) is None) == (swapped != secret)


@given(st.text())
def test_any_text_is_no_secret_and_no_error(text: str) -> None:
    assert digest(text, *TokenKind) is None


def test_secrets_hold_160_random_bits() -> None:
    """27 digits of 62 have room for them, and none of the digits stands still."""
    assert 62**27 > 2**160
    bodies = [generate(TokenKind.API_KEY).rpartition("_")[2][:27] for _ in range(300)]
    assert len(set(bodies)) == 300
    # The first digit holds what is left of the bits, so it takes fewer values.
    assert all(len({body[place] for body in bodies}) > 40 for place in range(1, 27))


async def test_only_digests_are_stored(api: Api, world: World, database: AsyncEngine) -> None:
    """Of keys, sessions and invitations; an invitation's secret stands in its mail alone."""
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    invited = await world.person()
    role_id = ROLE_IDS[BuiltinRole.ANALYST]
    key = await done(api, "apiKeyCreate", owner, "secret", accountId=account.id, name="Key", roleId=role_id)
    session = await done(api, "signIn", None, "token", email=invited.email, password=PASSWORD)
    offer = {"accountId": account.id, "email": invited.email, "roleId": role_id, "idempotencyKey": "1"}
    await done(api, "memberInvite", owner, **offer)
    secrets = [
        (api_keys, key["secret"]),
        (sessions, session["token"]),
        (invitations, (await mail_to(database, invited.email)).token),
    ]
    async with database.connect() as connection:
        for table, secret in secrets:
            rows = (await connection.execute(select(table))).all()
            assert any(digest_of(secret) in row for row in rows)
            assert secret not in str(rows)
