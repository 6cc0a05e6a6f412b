"""Sending a mutation, and looking at what became of it, refused or not."""

from dataclasses import dataclass
from typing import Any

from tests.client.api import INPUT_TYPES, Api, Caller


@dataclass(frozen=True)
class Bearer:
    """Whoever has the token."""

    token: str


@dataclass(frozen=True)
class Outcome:
    """`code`: of the refusal; empty: it was done."""

    code: str
    message: str
    payload: Any


async def attempt(
    api: Api, mutation: str, caller: Caller | None, selection: str = "", /, **values: Any
) -> Outcome:
    """An update has the current version, for who reads it."""
    input_type = INPUT_TYPES.get(mutation, f"{mutation[0].upper()}{mutation[1:]}Input")
    document = (
        f"mutation ($input: {input_type}!) {{ {mutation}(input: $input) "
        f"{{ {selection} userErrors {{ code message }} }} }}"
    )
    answer = await api.ask(document, caller, input=await api.with_version(mutation, caller, values))
    if answer.errors:
        return Outcome(answer.codes[0], answer.errors[0]["message"], {})
    payload = answer.data[mutation]
    refused = next(iter(payload["userErrors"]), {"code": "", "message": ""})
    return Outcome(refused["code"], refused["message"], payload)
