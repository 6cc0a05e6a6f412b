"""E-mail addresses: what is none is refused; spellings of one address are one person's (T24)."""

import re
import unicodedata
from uuid import uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from authz.policy.refusals import Refusal, RefusalCode
from resolvers.inputs.emails import email_address
from tests.areas.effects.log import mail_to
from tests.bad_input.place import stored
from tests.client.api import Api
from tests.client.mutations import ROLE_IDS, attempt, code_of, done
from tests.world.world import PASSWORD, World


def _wide(text: str) -> str:
    """Its full-width forms, as input methods for Chinese and Japanese make them."""
    return "".join(chr(ord(letter) + 0xFEE0) for letter in text)


BAD = [
    "",
    " ",
    "anna",
    "@",
    "anna@",
    "@example.com",
    "anna@example",
    "anna@localhost",
    "anna@test",
    "a" * 65 + "@example.com",
    "anna@example..com",
    "anna@.example.com",
    "anna@example.com.",
    "anna@-example.com",
    "anna@exa mple.com",
    "an na@example.com",
    "anna..b@example.com",
    ".anna@example.com",
    "anna.@example.com",
    "anna@@example.com",
    "anna@b@example.com",
    "anna@[127.0.0.1]",
    "anna@127.0.0.1",
    '"anna"@example.com',
    "Anna <anna@example.com>",
    "anna@example.com, ben@example.com",
    "anna@example.com\nBcc: ben@example.com",
    "anna@example.com\r\n\r\nHello",
    "mailto:anna@example.com?subject=x y",
    "anna@exa\u200bmple.com",
    "an\u202ena@example.com",
    f"anna@{'a' * 64}.com",
    f"anna@{'a.' * 130}com",
    "a" * 9_000 + "@example.com",
    "@" * 10_000,
    "\N{GRINNING FACE}",
]
SAME = {
    "upper case": "ANNA.MÜLLER@BÜCHER.EXAMPLE.COM",
    "spaces around": "  anna.müller@bücher.example.com \t\n",
    "a no-break space before": "\u00a0anna.müller@bücher.example.com",
    "punycode": "anna.müller@xn--bcher-kva.example.com",
    "upper-case punycode": "anna.müller@XN--BCHER-KVA.example.com",
    "decomposed (NFD)": unicodedata.normalize("NFD", "anna.müller@bücher.example.com"),
    "a full-width domain": f"anna.müller@bücher.{_wide('example')}.com",
    "an ideographic full stop": "anna.müller@bücher。example.com",
    "a full-width local part": f"{_wide('anna')}.müller@bücher.example.com",
}
"""Other spellings of anna.müller@bücher.example.com."""
OTHER = {
    "a tag": "anna.müller+news@bücher.example.com",
    "without a dot": "annamüller@bücher.example.com",
    "without the dots of the letters": "anna.muller@bücher.example.com",
    "another domain": "anna.müller@bucher.example.com",
    "a subdomain": "anna.müller@mail.bücher.example.com",
}
"""What looks alike and is somebody else: no merging by the rules of a provider."""
_ANNA = "anna.müller@bücher.example.com"


def _somebodys(address: str, number: str) -> str:
    """The address within a domain that no other test has."""
    return re.sub(r"\.com", f".{number}.com", address, flags=re.IGNORECASE)


@pytest.mark.parametrize("text", BAD, ids=lambda text: repr(text[:30]))
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(Refusal) as refusal:
        email_address(text, "email")
    assert (refusal.value.code, refusal.value.field) == (RefusalCode.BAD_USER_INPUT, "email")


@pytest.mark.parametrize("what", SAME)
def test_spellings_of_one_address_are_one_address(what: str) -> None:
    found = email_address(SAME[what])
    assert found.canonical == email_address(_ANNA).canonical
    assert found.original == SAME[what].strip()


@pytest.mark.parametrize("what", OTHER)
def test_what_looks_alike_is_another_address(what: str) -> None:
    assert email_address(OTHER[what]).canonical != email_address(_ANNA).canonical


@pytest.mark.parametrize("what", SAME)
def test_an_address_that_was_made_canonical_stays_so(what: str) -> None:
    canonical = email_address(SAME[what]).canonical
    assert email_address(canonical).canonical == canonical


async def test_bad_addresses_are_refused_by_every_mutation(api: Api, stranger: Api, world: World) -> None:
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    offer = {"accountId": account.id, "roleId": ROLE_IDS[BuiltinRole.ANALYST], "idempotencyKey": "1"}
    new = {"parentId": account.id, "name": "New", "idempotencyKey": "2"}
    person = {"name": "A", "password": PASSWORD, "accountName": "B"}
    before = [await world.state(account), await stored(world)]
    for text in ("", "anna", "anna@example.com, ben@example.com", "anna@example.com\nBcc: ben@example.com"):
        attempts = [
            await attempt(api, "memberInvite", owner, **offer, email=text),
            await attempt(api, "subaccountCreate", owner, **new, ownerEmail=text),
            await attempt(stranger, "signUp", None, **person, email=text),
            await attempt(stranger, "signIn", None, password=PASSWORD, email=text),
        ]
        fields = [(found.code, (found.user_error or {})["field"]) for found in attempts]
        email, owner_email = ["input", "email"], ["input", "ownerEmail"]
        assert fields == [("BAD_USER_INPUT", field) for field in (email, owner_email, email, email)]
    assert [await world.state(account), await stored(world)] == before


async def test_any_spelling_signs_the_same_person_in(stranger: Api) -> None:
    number = f"a{uuid4().hex}"
    made = await done(
        stranger,
        "signUp",
        None,
        "user { id email } deviceToken",
        name="Anna",
        email=_somebodys(f" {_ANNA.title()} ", number),
        password=PASSWORD,
        accountName="Agency",
    )
    assert made["user"]["email"] == _somebodys(_ANNA.title(), number)
    for what in ("upper case", "punycode", "decomposed (NFD)"):
        spelling = _somebodys(SAME[what], number)
        known = {"email": spelling, "password": PASSWORD, "deviceToken": made["deviceToken"]}
        again = await done(stranger, "signIn", None, "user { id }", **known)
        assert again["user"] == {"id": made["user"]["id"]}, what


async def test_any_spelling_invites_the_same_person(
    api: Api, stranger: Api, world: World, database: AsyncEngine
) -> None:
    """T11, T24: the invited address and the person's are compared in their canonical form; the mail goes to
    the address as it was written, in the form that all text is kept in."""
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    number = f"a{uuid4().hex}"
    written = _somebodys(SAME["decomposed (NFD)"], number)
    offer = {"accountId": account.id, "roleId": ROLE_IDS[BuiltinRole.ANALYST]}
    await done(api, "memberInvite", owner, **offer, email=written, idempotencyKey="1")
    token = (await mail_to(database, unicodedata.normalize("NFC", written))).token
    person = {"name": "Anna", "password": PASSWORD, "email": _somebodys(SAME["punycode"], number)}
    joined = await done(stranger, "signUp", None, "account { id }", **person, invitationToken=token)
    assert joined["account"] == {"id": account.id}
    again = {"email": _somebodys(_ANNA, number), "idempotencyKey": "2"}
    assert await code_of(api, "memberInvite", owner, **offer, **again) == "ALREADY_MEMBER"
    tagged = {"email": _somebodys(OTHER["a tag"], number), "idempotencyKey": "3"}
    assert await code_of(api, "memberInvite", owner, **offer, **tagged) == ""
