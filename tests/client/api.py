"""Asking the application as its clients do."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, Protocol

import httpx
from starlette.types import ASGIApp

CHECKS: list[Callable[[str, object, Sequence[Mapping[str, Any]]], None]] = []
"""What every answer has to pass: its operation, data and errors. Whoever starts the application adds them, so
that nothing of the product is imported here."""


class Caller(Protocol):
    """Whoever has a token."""

    @property
    def token(self) -> str: ...


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    data: Any
    errors: list[dict[str, Any]]

    @property
    def codes(self) -> list[str]:
        """The codes of the errors beside the data."""
        return [error["extensions"]["code"] for error in self.errors]


@dataclass(frozen=True)
class Api:
    """GraphQL over HTTP."""

    http: httpx.AsyncClient
    min_revision: str | None = None
    """What every answer has to contain."""

    @classmethod
    @asynccontextmanager
    async def of(cls, app: ASGIApp, address: str = "127.0.0.1") -> "AsyncIterator[Api]":
        """For an application in this process, as it is asked from a network address: tries are counted for
        each (see `tests.client.places`)."""
        transport = httpx.ASGITransport(app, client=(address, 50_000))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
            yield cls(http)

    def at_least(self, revision: str) -> "Api":
        """The same, asking for answers that contain the revision."""
        return replace(self, min_revision=revision)

    async def ask(self, query: str, caller: Caller | None = None, **variables: Any) -> Answer:
        """Send an operation as somebody, or as nobody."""
        headers = {} if caller is None else {"Authorization": f"Bearer {caller.token}"}
        if self.min_revision is not None:
            headers["X-Authz-Min-Revision"] = self.min_revision
        body = {"query": query, "variables": variables}
        response = await self.http.post("/graphql", json=body, headers=headers)
        answer = response.json()
        for check in CHECKS:
            check(query, answer.get("data"), answer.get("errors", []))
        return Answer(response.status_code, answer.get("data"), answer.get("errors", []))

    async def read(self, query: str, caller: Caller | None = None, **variables: Any) -> Any:
        """The data of a query that must succeed whole."""
        answer = await self.ask(query, caller, **variables)
        assert answer.errors == [], answer.errors
        return answer.data

    async def with_version(self, name: str, caller: Caller | None, values: dict[str, Any]) -> dict[str, Any]:
        """The input of a mutation; an update that says no version has the one that the caller reads now, and
        1 where the caller reads none."""
        if not name.endswith("Update") or "expectedVersion" in values:
            return values
        if name == "userUpdate":
            found = (await self.ask(_OWN_VERSION, caller)).data
            user = ((found or {}).get("viewer") or {}).get("user") or {}
            return {"expectedVersion": user.get("version", 1), **values}
        id_ = values.get(_UPDATED.get(name, "accountId"))
        found = (await self.ask(_VERSION, caller, id=id_)).data if isinstance(id_, str) else None
        return {"expectedVersion": ((found or {}).get("node") or {}).get("version", 1), **values}

    async def change(self, name: str, caller: Caller | None, selection: str = "", **values: Any) -> Any:
        """The payload of a mutation with an `XxxInput`; `values` are the input's fields."""
        input_type = INPUT_TYPES.get(name, f"{name[0].upper()}{name[1:]}Input")
        query = (
            f"mutation ($input: {input_type}!) {{ {name}(input: $input) {{ {selection} "
            "userErrors { __typename code field message } } }"
        )
        answer = await self.ask(query, caller, input=await self.with_version(name, caller, values))
        assert answer.errors == [], answer.errors
        return answer.data[name]

    async def refusal(self, name: str, caller: Caller | None, **values: Any) -> str:
        """The code with which a mutation is refused; empty if it was done."""
        payload = await self.change(name, caller, **values)
        errors = payload["userErrors"]
        return errors[0]["code"] if errors else ""


_UPDATED = {"memberUpdate": "memberId", "shareUpdate": "shareId", "apiKeyUpdate": "apiKeyId"} | {
    "roleUpdate": "roleId",
    "contactUpdate": "contactId",
    "contactListUpdate": "contactListId",
    "templateUpdate": "templateId",
    "campaignUpdate": "campaignId",
    "webhookUpdate": "webhookId",
}
_OWN_VERSION = "{ viewer { user { version } } }"
_VERSION = """query ($id: ID!) { node(id: $id) { ... on Account { version } ... on Member { version }
  ... on Share { version } ... on ApiKey { version } ... on Role { version }
  ... on Contact { version } ... on ContactList { version } ... on Template { version }
  ... on Campaign { version } ... on Webhook { version } } }"""

INPUT_TYPES = {
    **dict.fromkeys(("totpStart", "totpDisable", "recoveryCodesRenew", "passkeyStart"), "OwnPasswordInput"),
    "ownershipDecline": "OwnershipOfferInput",
    "ownershipTransferWithdraw": "OwnershipOfferInput",
    **dict.fromkeys(
        ("webhookDelete", "webhookTest", "webhookReplayCancel", "webhookPause", "webhookResume"),
        "WebhookInput",
    ),
    "shareDecline": "DeclineInput",
    "sendCommit": "SendReservationInput",
    "sendVoid": "SendReservationInput",
    "shareLeave": "ShareInput",
    "shareRevoke": "ShareInput",
    "accountSuspend": "AccountStatusInput",
    "accountResume": "AccountStatusInput",
    "accountReopen": "AccountStatusInput",
    "accountClose": "AccountCloseInput",
    "accountStaffSuspend": "AccountStaffStatusInput",
    "accountStaffResume": "AccountStaffStatusInput",
    "apiKeyRevoke": "ApiKeyInput",
    "apiKeyAdopt": "ApiKeyInput",
    "sendingSourcePause": "SendingSourceInput",
    "sendingSourceResume": "SendingSourceInput",
    "sendingSourceStaffPause": "SendingSourceStaffInput",
    "sendingSourceStaffResume": "SendingSourceStaffInput",
}
