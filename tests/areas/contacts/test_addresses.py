"""Which addresses are the same person's, and what is no address (T24, T26)."""

import unicodedata

import pytest

from tests.areas.contacts.asking import contacts_of, outcomes, upsert, upserted
from tests.client.api import Api
from tests.world.world import Account, Member

_ONE_MAILBOX = [
    ["Ada@Example.com", "ada@example.com", " ADA@EXAMPLE.COM ", "ada@example.com."[:-1]],
    ["ada@bücher.example", "ADA@BÜCHER.example", "ada@xn--bcher-kva.example", "ada@bu\u0308cher.example"],
    ["\uff41\uff44\uff41@example.com", "ada@\uff45xample.com", "ada@example\uff0ecom", "ada@example.com"],
    ["jos\u00e9@example.com", "jose\u0301@example.com", "JOS\u00c9@example.com"],
    ["ada@straße.example", "ada@xn--strae-oqa.example"],
]
_DIFFERENT = [
    "ada@example.com",
    "ada+news@example.com",
    "ada+offers@example.com",
    "a.da@example.com",
    "a.d.a@gmail.com",
    "ada@gmail.com",
    "ada@googlemail.com",
    "ada@mail.example.com",
    "ada@strasse.example",
    "ada@straße.example",
    "ád\u0430@example.com",
]
_NO_ADDRESS = [
    "",
    " ",
    "ada",
    "ada@",
    "@example.com",
    "ada@example",
    "ada@@example.com",
    "ada bo@example.com",
    "ada@example.com, bo@example.com",
    "Ada <ada@example.com>",
    "mailto:ada@example.com@",
    ".ada@example.com",
    "ada.@example.com",
    "ada..b@example.com",
    '"ada"@example.com',
    '"ada bo"@example.com',
    "ada@example.com.",
    "ada@[192.0.2.1]",
    "ada@-example.com",
    "ada@exa_mple.com",
    "ada\uff20b@example.com",
    "ada\uff02b@example.com",
    "ada\uff0cb@example.com",
    "ada\u2025b@example.com",
    "\u2024ada@example.com",
    "ada\u200b@example.com",
    "ada\x07@example.com",
    "ada@test",
    "ada@example.test",
    "a" * 65 + "@example.com",
    "á" + "a" * 64 + "@example.com",
    "ada@" + "a" * 64 + ".example",
    "a" * 64 + "@" + ".".join(["b" * 60] * 4) + ".com",
    "\ufdfa" * 60 + "@example.com",
    "\u0301ada@example.com",
    "ada@xn--.example",
    "ada@xn--a-ecp.example",
]


@pytest.mark.parametrize("spellings", _ONE_MAILBOX)
async def test_spellings_of_one_mailbox_are_one_contact(
    api: Api, account: Account, marketer: Member, spellings: list[str]
) -> None:
    """The last spelling is shown; what is compared stays."""
    first, *others = spellings
    (id_,) = await upserted(api, marketer, account, {"email": first})
    canonical = (await contacts_of(api, marketer, account))[0]["emailCanonical"]
    assert canonical.partition("@")[2].isascii()
    for spelling in others:
        assert await upserted(api, marketer, account, {"email": spelling}) == [id_]
        (stored,) = await contacts_of(api, marketer, account)
        shown = unicodedata.normalize("NFC", spelling.strip())
        assert (stored["email"], stored["emailCanonical"]) == (shown, canonical)
    assert await upserted(api, marketer, account, {"email": canonical}) == [id_]


async def test_nothing_is_merged_by_provider(api: Api, account: Account, marketer: Member) -> None:
    """Neither tags nor dots, nor letters that look alike."""
    given = [{"email": email} for email in _DIFFERENT]
    assert set(await outcomes(api, marketer, account, *given)) == {"CREATED"}
    assert len(await contacts_of(api, marketer, account)) == len(_DIFFERENT)


async def test_what_is_no_address(api: Api, account: Account, marketer: Member) -> None:
    """Each is refused alone, and told why."""
    found = await upsert(api, marketer, account, *[{"email": text} for text in _NO_ADDRESS])
    wrong = [
        (text, result)
        for text, result in zip(_NO_ADDRESS, found, strict=True)
        if (result.code, result.field) != ("BAD_USER_INPUT", "email")
    ]
    assert wrong == []
    assert all(result.message.startswith("Not an e-mail address: ") for result in found)
    assert await contacts_of(api, marketer, account) == []


_ONE_NUMBER = [
    "+46701234567",
    "+46 70 123 45 67",
    "+46 (0)70-123 45 67",
    "0046701234567",
    "0701234567",
    "070-123 45 67",
    "\uff10\uff17\uff10\uff11\uff12\uff13\uff14\uff15\uff16\uff17",
    "\uff0b46701234567",
    "070\u00a0123\u201145\u201167",
    "tel:+46-70-123-45-67"[4:],
]
_NO_NUMBER = [
    "",
    " ",
    "+",
    "0",
    "12",
    "+999 123 456 789",
    "+46",
    "+4670123456789012",
    "070-123 45 67 ext. 5",
    "070-123 45 67;ext=5",
    "070-123 45 67 x5",
    "070-CALL-ME",
    "VE-ViCARE",
    "+46 ABC",
    "Mandant",
    "\u0661" * 3,
    "070-123 45 67 / 070-123 45 68",
    "7" * 51,
]


async def test_spellings_of_one_number_are_one_contact(api: Api, account: Account, marketer: Member) -> None:
    """With the country, whose national numbers are meant, in any case."""
    (id_,) = await upserted(api, marketer, account, {"phone": _ONE_NUMBER[0]})
    for spelling in _ONE_NUMBER:
        for land in ("SE", " se "):
            given = {"phone": spelling}
            assert await upserted(api, marketer, account, given, phoneCountry=land) == [id_], spelling
        (stored,) = await contacts_of(api, marketer, account)
        assert (stored["phone"], stored["phoneCanonical"]) == (spelling.strip(), "+46701234567")


async def test_a_national_number_needs_its_country(api: Api, account: Account, marketer: Member) -> None:
    """A number with + is of its own country, whatever the request says."""
    for number in ("0701234567", "0046701234567"):
        (result,) = await upsert(api, marketer, account, {"phone": number})
        assert (result.code, result.field) == ("BAD_USER_INPUT", "phone")
        assert "Begin it with +" in result.message
    given = [{"phone": "0301234567"}, {"phone": "+46701234567"}]
    await upserted(api, marketer, account, *given, phoneCountry="DE")
    shown = [contact["phoneCanonical"] for contact in await contacts_of(api, marketer, account)]
    assert shown == ["+49301234567", "+46701234567"]


@pytest.mark.parametrize("more", [{}, {"phoneCountry": "SE"}])
async def test_a_country_that_is_none(
    api: Api, account: Account, marketer: Member, more: dict[str, str]
) -> None:
    (result,) = await upsert(api, marketer, account, {"phone": "+999123456789"}, **more)
    assert result.message == "Not a phone number: no country has the code that it begins with."


async def test_what_is_no_number(api: Api, account: Account, marketer: Member) -> None:
    """A sender's name is none, nor does a message reach an extension."""
    given = [{"phone": text} for text in _NO_NUMBER]
    found = await upsert(api, marketer, account, *given, phoneCountry="SE")
    wrong = [
        (text, result)
        for text, result in zip(_NO_NUMBER, found, strict=True)
        if (result.code, result.field) != ("BAD_USER_INPUT", "phone")
    ]
    assert wrong == []
    assert await contacts_of(api, marketer, account) == []
