"""Names: from 1 to 200 characters in any script, without control characters."""

import unicodedata
from dataclasses import dataclass, field
from typing import Any

import pytest

from authz.policy.builtin_roles import BuiltinRole
from models.base.ids import new_id
from tests.bad_input.place import stored
from tests.client.api import Api
from tests.client.mutations import ROLE_IDS, Attempt, attempt
from tests.world.world import PASSWORD, Account, Member, World

GOOD = {
    "one letter": "x",
    "200 letters": "x" * 200,
    "200 emojis": "\N{GRINNING FACE}" * 200,
    "a family, joined by zero-width joiners": "\N{MAN}\u200d\N{WOMAN}\u200d\N{GIRL}",
    "a flag with a variation selector": "\N{WAVING WHITE FLAG}\ufe0f\u200d\N{RAINBOW}",
    "right to left": "שלום עולם",
    "right to left with a mark": "שלום\u200f (A)",
    "Persian with a zero-width non-joiner": "می\u200cخو\N{ARABIC LETTER ALEF}\N{ARABIC LETTER HEH}م",
    "combining": "e\u0301a\u0308\u0323",
    "composed": "\u00e9\u00e4",
    "Thai": "กำ",
    "Chinese": "北京分公司",
    "Japanese with an ideographic space": "山田\u3000太郎",
    "a no-break space": "Müller\u00a0GmbH",
    "a soft hyphen": "Donau\u00addampf",
    "punctuation": 'O\'Neill & Söhne <b>"AG"</b> \\ 100% {x} $1 -- ; /* */',
    "only digits": "0",
    "what looks like null": "null",
    "spaces inside": "a  b",
}
BAD = {
    "empty": "",
    "a space": " ",
    "blank": " \t\n\u00a0\u3000\u2003 ",
    "201 letters": "x" * 201,
    "201 emojis": "\N{GRINNING FACE}" * 201,
    "a line break": "a\nb",
    "a carriage return": "a\r\nBcc: x@example.com",
    "a tab": "a\tb",
    "an escape": "a\x1b[31mb",
    "a delete": "a\x7fb",
    "a control character of the second range": "a\x85b",
    "a line separator": "a\u2028b",
    "a paragraph separator": "a\u2029b",
    "a right-to-left override, which turns what follows around": "a\u202egpj.exe",
    "an isolate that does not end": "a\u2067b",
    "nothing that is seen": "\u200d\u200c\u00ad",
}

GOOD_EVERYWHERE = ["right to left", "200 emojis"]
BAD_EVERYWHERE = ["empty", "blank", "a line break", "201 letters"]
"""Tried in every place that has a name; the others in one."""

INVISIBLE = ["right to left with a mark", "a soft hyphen"]
TOLD_APART_BY_LOOKS = ["external id", "key", "role"]
"""Where names must not hold what cannot be seen; elsewhere they may."""


@dataclass
class Names:
    """Everything of an account that has a name, and how to give it another."""

    api: Api
    stranger: Api
    world: World
    parent: Account
    account: Account
    owner: Member
    version: int = field(default=1)

    async def give(self, place: str, name: str) -> Attempt:
        """Write the name to a place."""
        match place:
            case "account":
                return await self._update(name=name)
            case "external id":
                return await self._update(externalId=name)
            case "subaccount":
                new = {"parentId": self.account.id, "name": name, "idempotencyKey": new_id().hex}
                return await attempt(self.api, "subaccountCreate", self.owner, "account { name }", **new)
            case "key":
                role = {"roleId": ROLE_IDS[BuiltinRole.ANALYST]}
                new = {"accountId": self.account.id, "name": name} | role
                return await attempt(self.api, "apiKeyCreate", self.owner, "apiKey { name }", **new)
            case "role":
                return await self._role(name=name)
            case "description":
                return await self._role(name="A role", description=name)
            case "reason":
                change = {"accountId": self.account.id, "reason": name}
                return await attempt(self.api, "accountSuspend", self.owner, **change)
        raise ValueError(place)

    async def _role(self, **values: str) -> Attempt:
        new = {"accountId": self.account.id, "permissions": ["ACCOUNT_READ"]}
        selection = "role { name description }"
        return await attempt(self.api, "roleCreate", self.owner, selection, **new, **values)

    async def _update(self, **values: str) -> Attempt:
        change = {"accountId": self.account.id, "expectedVersion": self.version} | values
        selection = "account { name externalId version }"
        made = await attempt(self.api, "accountUpdate", self.owner, selection, **change)
        if made.done:
            self.version = made.payload["account"]["version"]
        return made


FIELDS = {
    "account": "name",
    "external id": "externalId",
    "subaccount": "name",
    "key": "name",
    "role": "name",
    "description": "description",
    "reason": "reason",
}
"""The places of names, and the input's field that each is refused in."""


@pytest.fixture
async def names(api: Api, stranger: Api, world: World) -> Names:
    parent = await world.account()
    owner = await world.member(parent, BuiltinRole.OWNER)
    return Names(api, stranger, world, parent, await world.account(parent, name="Before"), owner)


@pytest.mark.parametrize("place", FIELDS)
async def test_bad_names_are_refused_in_their_field(names: Names, place: str) -> None:
    before = await names.world.state(names.parent)
    tried = list(BAD) if place == "account" else BAD_EVERYWHERE
    for what in tried + (INVISIBLE if place in TOLD_APART_BY_LOOKS else []):
        if place == "description" and what == "empty":
            continue  # it may be left out
        refused = await names.give(place, (BAD | GOOD)[what])
        assert refused.code == "BAD_USER_INPUT", what
        assert refused.user_error is not None
        assert refused.user_error["field"] == ["input", FIELDS[place]]
    assert await names.world.state(names.parent) == before


@pytest.mark.parametrize("what", GOOD)
async def test_good_names_are_kept_as_they_were_written(names: Names, what: str) -> None:
    """In NFC, which looks the same."""
    name = unicodedata.normalize("NFC", GOOD[what])
    made = await names.give("account", GOOD[what])
    assert made.code == ""
    assert made.payload["account"]["name"] == name
    query = (
        "query ($id: ID!, $search: String!) { viewer { accounts(search: $search) { nodes { id name } } } "
        "node(id: $id) { ... on Account { name } } }"
    )
    found = await names.api.read(query, names.owner, id=names.account.id, search=GOOD[what])
    listed = [account for account in found["viewer"]["accounts"]["nodes"] if account["name"] == name]
    assert listed == [{"id": names.account.id, "name": name}]
    assert found["node"] == {"name": name}


async def _last_reason(names: Names) -> str:
    query = "query ($id: ID!) { account(id: $id) { events(first: 1) { nodes { reason } } } }"
    found = await names.api.read(query, names.owner, id=names.account.id)
    return str(found["account"]["events"]["nodes"][0]["reason"])


@pytest.mark.parametrize("what", GOOD_EVERYWHERE)
async def test_good_names_are_good_everywhere(names: Names, what: str) -> None:
    name = GOOD[what]
    given: dict[str, Any] = {place: await names.give(place, name) for place in FIELDS}
    assert {place: made.code for place, made in given.items()} == dict.fromkeys(FIELDS, "")
    shown = [
        given["external id"].payload["account"]["externalId"],
        given["subaccount"].payload["account"]["name"],
        given["key"].payload["apiKey"]["name"],
        given["role"].payload["role"]["name"],
        given["description"].payload["role"]["description"],
        await _last_reason(names),
    ]
    assert shown == [name] * 6


async def test_spaces_around_a_name_are_taken_away(names: Names) -> None:
    made = await names.give("account", "  \u3000 Name \t\n")
    assert made.payload["account"]["name"] == "Name"


@pytest.mark.parametrize("what", BAD_EVERYWHERE)
async def test_bad_names_of_people_and_of_their_accounts_are_refused(names: Names, what: str) -> None:
    before = await stored(names.world)
    right = {"name": "A", "email": f"{new_id().hex}@example.com", "password": PASSWORD, "accountName": "B"}
    for place in ("name", "accountName"):
        refused = await attempt(names.stranger, "signUp", None, **(right | {place: BAD[what]}))
        assert refused.code == "BAD_USER_INPUT"
        assert refused.user_error is not None
        assert refused.user_error["field"] == ["input", place]
    assert await stored(names.world) == before


@pytest.mark.parametrize("what", GOOD_EVERYWHERE)
async def test_good_names_of_people_and_of_their_accounts(names: Names, what: str) -> None:
    name = GOOD[what]
    new = {"name": name, "email": f"{new_id().hex}@example.com", "password": PASSWORD, "accountName": name}
    made = await attempt(names.stranger, "signUp", None, "user { name } account { name }", **new)
    assert (made.code, made.payload["user"], made.payload["account"]) == ("", {"name": name}, {"name": name})


async def test_idempotency_keys_have_1_to_200_characters_and_are_not_blank(names: Names) -> None:
    before = await names.world.state(names.parent)
    new = {"parentId": names.account.id, "name": "New"}
    offer = {"accountId": names.account.id, "email": "a@example.com", "roleId": ROLE_IDS[BuiltinRole.ANALYST]}
    for mutation, right in (("subaccountCreate", new), ("memberInvite", offer)):
        for key in ("", " \t\u3000", "x" * 201):
            refused = await attempt(names.api, mutation, names.owner, **right, idempotencyKey=key)
            assert refused.code == "BAD_USER_INPUT"
            assert refused.user_error is not None
            assert refused.user_error["field"] == ["input", "idempotencyKey"]
    assert await names.world.state(names.parent) == before
