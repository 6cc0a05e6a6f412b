"""National phone numbers are of the account's default country, where nothing else is said."""

from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from tests.areas.contacts.imports import imported, work_off_imports
from tests.client.api import Api, Caller
from tests.client.mutations import done
from tests.world.world import Account, World

_PHONES = "query ($id: ID!) { account(id: $id) { contacts(last: 9) { nodes { phoneCanonical } } } }"


async def _phones(api: Api, caller: Caller, account: Account) -> list[str]:
    """The oldest first."""
    nodes = (await api.read(_PHONES, caller, id=account.id))["account"]["contacts"]["nodes"]
    return [node["phoneCanonical"] for node in reversed(nodes)]


async def test_it_is_inherited_and_a_request_may_name_another(
    api: Api, world: World, application: AsyncEngine
) -> None:
    master = await world.account()
    account = await world.account(master)
    owner = await world.member(master, BuiltinRole.OWNER)
    await done(api, "settingsUpdate", owner, accountId=master.id, defaultCountry="SE")
    for contact, more in (
        ({"phone": "070 123 45 67"}, {}),
        ({"phone": "0171 1234567"}, {"phoneCountry": "DE"}),
        ({"phone": "+45 32 12 34 56"}, {}),
    ):
        made = await done(
            api,
            "contactUpsert",
            owner,
            "results { outcome }",
            accountId=account.id,
            contacts=[contact],
            **more,
        )
        assert made["results"] == [{"outcome": "CREATED"}]
    await imported(api, owner, account, "phone\n070 123 45 68\n")
    await work_off_imports(application, account)
    expected = ["+46701234567", "+491711234567", "+4532123456", "+46701234568"]
    assert await _phones(api, owner, account) == expected
