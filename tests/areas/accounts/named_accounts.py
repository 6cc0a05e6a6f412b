"""Accounts with names of many kinds, and how they are to be found and sorted."""

from authz.policy.builtin_roles import BuiltinRole
from tests.client.api import Api
from tests.world.world import Member, World

NAMES = [
    "Café Lumière",
    "CAFE NOIR",
    "Hauptstraße",
    "İstanbul",
    "Isparta",
    "Æsop",
    "100% Bio_Markt",
    "हिन्दी समूह",
    "zebra",
    "Äpfel",
]

FOUND = {
    "cafe": {"Café Lumière", "CAFE NOIR"},
    "CAFÉ": {"Café Lumière", "CAFE NOIR"},
    "cafe\u0301 lum": {"Café Lumière"},
    "ｃａｆｅ": {"Café Lumière", "CAFE NOIR"},
    "strasse": {"Hauptstraße"},
    "STRAẞE": {"Hauptstraße"},
    "istanbul": {"İstanbul"},
    "ISPARTA": {"Isparta"},
    "ısparta": set(),
    "aesop": {"Æsop"},
    "%": {"100% Bio_Markt"},
    "o_m": {"100% Bio_Markt"},
    "_": {"100% Bio_Markt"},
    "c-1": set(),
    "हिन्दी": {"हिन्दी समूह"},
    "हिन्दि": set(),
    "": set(NAMES),
}
"""As ICU's root collation has it: dotless i is a letter of its own, ß is ss, vowel signs are no accents."""

SORTED = [
    "100% Bio_Markt",
    "Æsop",
    "Äpfel",
    "Café Lumière",
    "CAFE NOIR",
    "Hauptstraße",
    "Isparta",
    "İstanbul",
    "zebra",
    "हिन्दी समूह",
]

_PAGE = (
    "query ($id: ID!, $search: String, $externalId: String, $order: AccountOrder!, $after: String) "
    "{ account(id: $id) { subaccounts(search: $search, externalId: $externalId, "
    "orderBy: $order, first: 3, after: $after) { totalCount nodes { name } "
    "pageInfo { endCursor hasNextPage } } } "
    "viewer { accounts(search: $search, externalId: $externalId, kind: SUBACCOUNT, first: 100) "
    "{ nodes { name } } } }"
)


async def named_accounts(world: World) -> Member:
    """The owner of an account with one below it for each of the names."""
    parent = await world.account(name="Parent")
    for name in NAMES:
        await world.account(parent, name=name)
    return await world.member(parent, BuiltinRole.OWNER)


async def listed(api: Api, owner: Member, order: str = "NAME", **filters: str) -> list[str]:
    """All pages; what one is shown of them elsewhere has to be the same."""
    names: list[str] = []
    after: str | None = None
    while True:
        found = await api.read(_PAGE, owner, id=owner.account.id, order=order, after=after, **filters)
        page = found["account"]["subaccounts"]
        names += [node["name"] for node in page["nodes"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    assert page["totalCount"] == len(names)
    assert sorted(node["name"] for node in found["viewer"]["accounts"]["nodes"]) == sorted(names)
    return names
