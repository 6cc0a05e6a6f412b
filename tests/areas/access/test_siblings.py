"""What siblings do is not told: sums are, and never whom they wrote to (R18, N20)."""

import re
from typing import Any

from authz.policy.builtin_roles import BuiltinRole
from tests.client.api import Api
from tests.world.brand import Brand, brand_of
from tests.world.plans import make_plan, subscribe
from tests.world.sends import booking
from tests.world.world import ApiKey, World

_LOOK = """query ($id: ID!, $to: [String!]) {
  sendPreview(accountId: $id, stream: MARKETING, recipients: $to) {
    recipients newContacts activeContacts contactsLeft sendsLeft price warnings }
  account(id: $id) {
    subscription { contactsUsed contactLimit sendsUsed sendLimit }
    usage { activeContacts { used limit } sends { used left } warnings actions sent
      forecast { contactsRunOutOn } accounts(first: 5) { nodes { sends } } }
    usageHistory(first: 2) { totalCount }
    events(first: 20) { nodes { type before after } }
    costs(since: "2020-01-01T00:00:00Z", until: "2999-01-01T00:00:00Z") { totalCount }
  } }"""
_TOLD = "replayed reservation { recipients newContacts price status }"
_IDS = re.compile(r"[a-z]{4}_[0-9a-f-]{36}")


async def test_whom_a_sibling_wrote_to_changes_no_answer(api: Api, world: World) -> None:
    """Two worlds, alike but for that; with what is committed, waits, is given back and has expired."""
    met, unmet = [await _team(api, world, names) for names in (("ann", "bob", "carl"), ("xu", "yan", "zoe"))]
    told = [await _tell(api, brand, key) for brand, key in (met, unmet)]
    assert told[0] == told[1]
    assert all("ann" not in str(line) for line in told[0])


async def test_who_sees_the_statistics_of_the_subscriber_is_told_what_is_active(
    api: Api, world: World
) -> None:
    """Its owner in the team, where a member without that sees what this team has sent alone."""
    brand, key = await _team(api, world, ("ann", "bob"))
    to = ["ann@example.com", "bob@example.com", "new@example.com"]
    shown = {}
    marketer = await world.member(brand.master, BuiltinRole.MARKETER)
    await world.member(brand.us, BuiltinRole.MARKETER, marketer.person)
    for name, caller in (("owner", brand.owner), ("marketer", marketer), ("key", key)):
        answer = await api.ask(_LOOK, caller, id=brand.us.id, to=to)
        shown[name] = answer.data["sendPreview"]["newContacts"]
    assert shown == {"owner": 1, "marketer": 1, "key": 3}


async def _team(api: Api, world: World, names: tuple[str, ...]) -> tuple[Brand, ApiKey]:
    """A brand, whose team in the UK wrote to these; and a key of the one in the US."""
    brand = await brand_of(world)
    await subscribe(world, brand.master, await make_plan(world, active_contacts=10, sends=100))
    for number, name in enumerate(names):
        made = await api.change("sendReserve", brand.owner, "reservation { id }", **booking(brand.uk, name))
        if number != 1:  # which is on its way
            done = await api.change("sendCommit", brand.owner, reservationId=made["reservation"]["id"])
            assert done["userErrors"] == []
    return brand, await world.api_key(brand.us)


async def _tell(api: Api, brand: Brand, key: ApiKey) -> list[Any]:
    """Everything that the key is told on its way."""
    told: list[Any] = []
    ids: list[str] = []

    async def look() -> None:
        for names in (["ann"], ["bob"], ["ann", "bob", "carl", "dora"]):
            to = [f"{name}@example.com" for name in names]
            told.append((await api.ask(_LOOK, key, id=brand.us.id, to=to)).data)

    await look()
    for names in (["ann"], ["bob", "eve"], ["ann", "fay"], ["carl"], ["ann", "bob", "carl"]):
        made = await api.change(
            "sendReserve", key, f"{_TOLD} reservation {{ id }}", **booking(brand.us, *names)
        )
        ids.append(made["reservation"].pop("id"))
        told.append(made)
        await look()
    for name, index in (
        ("sendCommit", 1),
        ("sendVoid", 0),
        ("sendVoid", 4),
        ("sendCommit", 2),
        ("sendVoid", 3),
    ):
        told.append(await api.change(name, key, _TOLD, reservationId=ids[index]))
        await look()
    return [_IDS.sub("id", str(line)) for line in told]
