"""Sending a mutation and looking at what became of it, refused or not."""

from dataclasses import dataclass
from typing import Any

from authz.policy.builtin_roles import BuiltinRole
from models.base.ids import Kind, present
from tests.client.api import INPUT_TYPES, Answer, Api, Caller

ROLE_IDS = {role: present(Kind.ROLE, role.id) for role in BuiltinRole}
"""The built-in roles' ids as clients see them."""


@dataclass(frozen=True)
class Token:
    """A caller of whom nothing else is known."""

    token: str


@dataclass(frozen=True)
class Attempt:
    """A mutation's answer: what it gave, or the code with which it was refused."""

    payload: dict[str, Any]
    code: str
    """Of the user error or of the GraphQL error; empty: it was done."""
    user_error: dict[str, Any] | None
    answer: Answer

    @property
    def done(self) -> bool:
        """Whether it was not refused."""
        return not self.code

    @property
    def message(self) -> str:
        """Of the user error; empty if there is none."""
        return str(self.user_error["message"]) if self.user_error else ""

    @property
    def named(self) -> str | None:
        """The input's field that the user error names."""
        path = self.user_error["field"] if self.user_error else None
        return ".".join(path[1:]) if path else None


async def attempt(
    api: Api, field: str, caller: Caller | None, selection: str = "", /, **values: Any
) -> Attempt:
    """Send a mutation with an `input` of these values; an update has the current version if it says none."""
    input_type = INPUT_TYPES.get(field, f"{field[0].upper()}{field[1:]}Input")
    query = (
        f"mutation ($input: {input_type}!) {{ {field}(input: $input) {{ {selection} userErrors "
        "{ __typename code field message ... on VersionConflict { currentVersion } "
        "... on PermissionDenied { permission } "
        "... on AccountNotSettled { obstacles { kind count amount } } "
        "... on Blocked { blockers { id name accountId accountName } moreBlockers } } } }"
    )
    answer = await api.ask(query, caller, input=await api.with_version(field, caller, values))
    payload = (answer.data or {}).get(field) or {}
    user_errors = payload.get("userErrors", [])
    codes = [*answer.codes, *(error["code"] for error in user_errors)]
    user_error = user_errors[0] if user_errors else None
    return Attempt(payload, codes[0] if codes else "", user_error, answer)


async def done(api: Api, field: str, caller: Caller | None, selection: str = "", /, **values: Any) -> Any:
    """The payload of a mutation that must succeed."""
    made = await attempt(api, field, caller, selection, **values)
    assert made.done, made
    return made.payload


async def code_of(api: Api, field: str, caller: Caller | None, /, **values: Any) -> str:
    """The code with which a mutation is refused; empty if it was done."""
    return (await attempt(api, field, caller, **values)).code
