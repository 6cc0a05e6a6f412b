"""What tests of contacts ask again and again."""

from dataclasses import dataclass
from typing import Any

from tests.client.api import Api, Caller
from tests.client.mutations import attempt, done
from tests.world.world import Account

_RESULTS = "results { index outcome contactId userErrors { code field message } }"
_ALL = (
    "query ($id: ID!) { account(id: $id) { contacts(first: 1000) { nodes { id externalId email phone "
    "emailCanonical phoneCanonical attributes source version lists { nodes { source list { name } } } } } } }"
)


@dataclass(frozen=True)
class Result:
    """What became of a contact of a request. `field`: of the contact's input, that was refused."""

    outcome: str
    id: str | None
    code: str = ""
    field: str | None = None
    message: str = ""


async def upsert(
    api: Api, caller: Caller, account: Account, *contacts: dict[str, Any], **more: Any
) -> list[Result]:
    """The results of a request that was not refused as a whole, in their order."""
    values = {"accountId": account.id, "contacts": list(contacts), **more}
    results = (await done(api, "contactUpsert", caller, _RESULTS, **values))["results"]
    assert [result["index"] for result in results] == list(range(len(contacts)))
    return [_result(result) for result in results]


async def upserted(
    api: Api, caller: Caller, account: Account, *contacts: dict[str, Any], **more: Any
) -> list[str]:
    """The ids of contacts of which none was refused."""
    results = await upsert(api, caller, account, *contacts, **more)
    assert [result for result in results if result.code] == []
    return [str(result.id) for result in results]


async def outcomes(
    api: Api, caller: Caller, account: Account, *contacts: dict[str, Any], **more: Any
) -> list[str]:
    """What became of them, or the code with which they were refused."""
    found = await upsert(api, caller, account, *contacts, **more)
    return [result.code or result.outcome for result in found]


async def contacts_of(api: Api, caller: Caller, account: Account) -> list[dict[str, Any]]:
    """All that the account has, the oldest first; `lists` are their names."""
    nodes = (await api.read(_ALL, caller, id=account.id))["account"]["contacts"]["nodes"]
    for node in nodes:
        node["lists"] = [place["list"]["name"] for place in node["lists"]["nodes"]]
    return list(reversed(nodes))


async def create_list(api: Api, caller: Caller, account: Account, name: str, **more: Any) -> str:
    """The id of a new list."""
    values = {"accountId": account.id, "name": name, **more}
    made = await done(api, "contactListCreate", caller, "contactList { id }", **values)
    return str(made["contactList"]["id"])


async def create_attribute(api: Api, caller: Caller, account: Account, name: str, type_: str) -> None:
    """The account keeps this of its contacts."""
    values = {"accountId": account.id, "name": name, "type": type_}
    await done(api, "contactAttributeCreate", caller, **values)


async def refused(api: Api, mutation: str, caller: Caller, **values: Any) -> tuple[str, str | None]:
    """The code, and the input's field, with which a mutation is refused."""
    made = await attempt(api, mutation, caller, **values)
    assert made.answer.errors == [], made.answer.errors
    return made.code, made.named


def _result(result: dict[str, Any]) -> Result:
    if not result["userErrors"]:
        assert result["contactId"] is not None
        return Result(result["outcome"], result["contactId"])
    (error,) = result["userErrors"]
    path = error["field"]
    assert (result["outcome"], result["contactId"]) == ("REFUSED", None)
    assert path[:3] == ["input", "contacts", str(result["index"])]
    return Result("REFUSED", None, error["code"], ".".join(path[3:]) or None, error["message"])
