"""Asking why, over the API and as an operator."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import false, true
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.explain.facts import AskedAccount, Facts, Subject, Viewpoint
from authz.explain.reading import read_facts
from engine.base.preamble import Gates
from engine.database.snapshot import Reader
from models.base.ids import AccountId, ApiKeyId, MasterId, UserId
from tests.areas.narrowed_tokens.narrowing import Narrowed
from tests.client.api import Answer, Api, Caller
from tests.world.world import Account, ApiKey, Member, Person

EXPLAIN = """query ($account: ID!, $permission: Permission!, $subject: ID) {
  explainAccess(accountId: $account, permission: $permission, subject: $subject) {
    decision permission account { id name viewerPermissions }
    subject { id ... on User { name } ... on ApiKey { name } }
    steps { kind effect sentence about policyLine }
    nearestMisses { kind sentence about enough }
    canBeGrantedBy { totalCount people { id name } }
  }
}"""


@dataclass(frozen=True)
class Told:
    """An explanation as a client gets it."""

    data: dict[str, Any]

    @property
    def decision(self) -> str:
        """ALLOWED or DENIED."""
        return str(self.data["decision"])

    @property
    def chain(self) -> list[str]:
        """The steps as `KIND EFFECT`."""
        return [f"{step['kind']} {step['effect']}" for step in self.data["steps"]]

    @property
    def misses(self) -> dict[str, bool]:
        """What keeps the subject out, and whether it is enough."""
        return {miss["sentence"]: miss["enough"] for miss in self.data["nearestMisses"]}

    @property
    def granters(self) -> list[str] | None:
        """The names of those who could let the subject in."""
        found = self.data["canBeGrantedBy"]
        return None if found is None else [person["name"] for person in found["people"]]

    def step(self, kind: str) -> dict[str, Any]:
        """The only step of a kind."""
        (found,) = (step for step in self.data["steps"] if step["kind"] == kind)
        return dict(found)


async def ask(
    api: Api, caller: Caller | None, account_id: str, permission: str, subject_id: str | None = None
) -> Answer:
    """The whole answer, refusals included."""
    return await api.ask(EXPLAIN, caller, account=account_id, permission=permission, subject=subject_id)


async def why(
    api: Api,
    caller: Caller,
    account: Account,
    permission: str,
    subject: Person | Member | ApiKey | Narrowed | None = None,
) -> Told:
    """The explanation, which must be given."""
    answer = await ask(api, caller, account.id, permission, None if subject is None else subject.id)
    assert answer.errors == [], answer.errors
    return Told(answer.data["explainAccess"])


@asynccontextmanager
async def snapshot(database: AsyncEngine) -> AsyncIterator[Reader]:
    """A reader as operators have it: of every tree."""
    reader = Reader(database, Gates(true(), false()), {})
    try:
        yield reader
    finally:
        await reader.close()


async def operators_facts(reader: Reader, account: Account, caller: Caller) -> Facts:
    """All that bears on the caller's access to the account."""
    asked = AskedAccount(MasterId(account.master), AccountId(account.key))
    if isinstance(caller, ApiKey):
        subject = Subject(None, ApiKeyId(caller.key), "the key", is_asker=False)
    else:
        assert isinstance(caller, Person)
        subject = Subject(UserId(caller.key), None, caller.name, is_asker=False)
    return await read_facts(reader, asked, subject, Viewpoint.OPERATOR)
