"""A role that breaks a promise is not given by single sign-on, which tells so and lets in who may be."""

from typing import Any

from authz.policy.builtin_roles import BuiltinRole
from tests.areas.effects.log import events_of
from tests.areas.single_sign_on.company import Company
from tests.client.mutations import ROLE_IDS, done
from tests.world.world import Account

_ALLOWED = [ROLE_IDS[role] for role in (BuiltinRole.OWNER, BuiltinRole.FINANCE)]
_ROLES = [
    {"value": value, "roleId": ROLE_IDS[role]}
    for value, role in (("admins", BuiltinRole.ADMINISTRATOR), ("finance", BuiltinRole.FINANCE))
]


async def _promise(company: Company) -> str:
    """INVOICES_READ is for owners and FINANCE alone; the claim `groups` gives roles."""
    await company.set(roleClaim="groups", roles=_ROLES)
    wanted = {"accountId": company.account.id, "permission": "INVOICES_READ", "roleIds": _ALLOWED}
    made = await done(company.api, "accessPromiseCreate", company.owner, "accessPromise { id }", **wanted)
    return str(made["accessPromise"]["id"])


async def _left(company: Company) -> list[dict[str, Any]]:
    events = await events_of(company.api, company.owner, company.account.id)
    return [event["after"] for event in events if event["type"] == "SINGLE_SIGN_ON_CHANGE_LEFT"]


async def _roles(company: Company, account: Account) -> dict[str, str]:
    query = "query ($id: ID!) { account(id: $id) { members { nodes { user { email } role { name } } } } }"
    found = await company.api.read(query, company.owner, id=account.id)
    return {each["user"]["email"]: each["role"]["name"] for each in found["account"]["members"]["nodes"]}


async def test_nobody_new_is_let_in_by_it_and_the_log_tells(company: Company) -> None:
    promise = await _promise(company)
    before = await _roles(company, company.account)
    email = company.address()
    subject = company.person(email, groups="admins")
    assert await company.failure(subject) == "PROMISE_BROKEN"
    assert await _roles(company, company.account) == before
    (left,) = await _left(company)
    assert (left["code"], left["promise"], left["role"]) == ("PROMISE_BROKEN", promise, "ADMINISTRATOR")
    company.provider.know(subject, email=email, email_verified=True, groups="finance")
    token = await company.signed_in(subject)
    viewer = await company.api.read("{ viewer { user { id } } }", token)
    assert viewer["viewer"]["user"]["id"] == left["user"]
    assert (await _roles(company, company.account))[email] == "FINANCE"


async def test_a_member_keeps_its_role_and_is_signed_in(company: Company) -> None:
    await _promise(company)
    person = await company.world.person(email=company.address())
    await company.world.member(company.account, BuiltinRole.ANALYST, person)
    token = await company.signed_in(company.person(person.email, groups="admins"))
    assert (await company.api.read("{ viewer { user { id } } }", token))["viewer"]["user"]["id"] == person.id
    assert (await _roles(company, company.account))[person.email] == "ANALYST"
    assert [each["user"] for each in await _left(company)] == [person.id]


async def test_whoever_is_in_an_account_below_is_signed_in_without_it(company: Company) -> None:
    await _promise(company)
    below = await company.world.account(company.account, "Below")
    person = await company.world.person(email=company.address())
    await company.world.member(below, BuiltinRole.ANALYST, person)
    await company.signed_in(company.person(person.email, groups="admins"))
    assert person.email not in await _roles(company, company.account)
    assert [each["user"] for each in await _left(company)] == [person.id]
