"""Narrowed tokens, straight in the database."""

import datetime
import uuid
from dataclasses import dataclass

from sqlalchemy import insert

from authz.callers.tokens import TokenKind, digest_of, generate
from authz.policy.permissions import Permission, mask_of
from models.base.ids import Kind, new_id, present
from models.narrowed_tokens.tables import narrowed_tokens
from tests.world.world import Account, ApiKey, Person, World

_A_WHILE = datetime.timedelta(minutes=30)


@dataclass(frozen=True)
class NarrowedToken:
    """A token and its secret."""

    key: uuid.UUID
    token: str

    @property
    def id(self) -> str:
        """As clients see it."""
        return present(Kind.NARROWED_TOKEN, self.key)


async def give_token(
    world: World, parent: Person | ApiKey, account: Account, *permissions: Permission
) -> NarrowedToken:
    """A token of a person's session or of an API key of the account's tree, for this account."""
    key, token = new_id(), generate(TokenKind.NARROWED)
    is_person = isinstance(parent, Person)
    values = {
        "id": key,
        "digest": digest_of(token),
        "user_id": parent.key if is_person else None,
        "api_key_master_id": None if is_person else account.master,
        "api_key_id": None if is_person else parent.key,
        "root_digest": digest_of(parent.token),
        "ancestor_ids": [],
        "account_ids": [account.key],
        "scopes": mask_of({Permission.ACCOUNT_READ, *permissions}),
        "audience": "Widget",
        "expires_at": datetime.datetime.now(datetime.UTC) + _A_WHILE,
    }
    async with world.database.begin() as connection:
        await connection.execute(insert(narrowed_tokens).values(values))
    return NarrowedToken(key, token)
