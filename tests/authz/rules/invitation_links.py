"""Invitations as people handle them: sent, read from the mail, looked at, accepted."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from models.base.ids import Kind, present
from tests.authz.cases.moments import mailed_tokens
from tests.authz.escalation.outcomes import DONE, mutate, outcome
from tests.authz.matrix.matrix_callers import once
from tests.client.api import Api, Caller
from tests.world.world import Account

PREVIEW = "query ($token: String!) { invitation(token: $token) { accountName roleName email inviterName } }"
MY_ACCOUNTS = "{ viewer { accounts { nodes { id viewerPermissions } } } }"


class Invitations:
    """Asks what the tests of invitations ask again and again."""

    def __init__(self, api: Api, database: AsyncEngine) -> None:
        self._api = api
        self._database = database

    async def invite(
        self, inviter: Caller, account: Account, email: str, role: BuiltinRole = BuiltinRole.MARKETER
    ) -> str:
        """Invite, and read the secret from the mail."""
        answer = await mutate(self._api, "memberInvite", inviter, offer_of(account, email, role))
        assert outcome(answer, "memberInvite") == DONE
        return (await mailed_tokens(self._database, email))[-1]

    async def accept(self, person: Caller | None, token: str) -> str:
        """What becomes of it."""
        answer = await mutate(self._api, "invitationAccept", person, {"token": token})
        return outcome(answer, "invitationAccept")

    async def preview(self, token: str) -> Any:
        """What the link offers to whoever holds it."""
        return (await self._api.read(PREVIEW, token=token))["invitation"]

    async def accounts_of(self, person: Caller) -> list[str]:
        """The accounts that the person sees."""
        nodes = (await self._api.read(MY_ACCOUNTS, person))["viewer"]["accounts"]["nodes"]
        return [node["id"] for node in nodes]


def offer_of(account: Account, email: str, role: BuiltinRole = BuiltinRole.MARKETER) -> dict[str, str]:
    """The input of `memberInvite`."""
    return {"accountId": account.id, "email": email, "roleId": role_id(role), "idempotencyKey": once()}


def role_id(role: BuiltinRole) -> str:
    """As clients see it."""
    return present(Kind.ROLE, role.id)
