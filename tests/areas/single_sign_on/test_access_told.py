"""The log tells who gained and lost what by a sign-in at a company's own provider."""

from authz.policy.builtin_roles import BuiltinRole
from tests.areas.audit.telling import told_as_shown
from tests.areas.single_sign_on.company import Company
from tests.client.mutations import ROLE_IDS


async def test_a_first_sign_in_and_another_role(company: Company) -> None:
    shop = await company.world.account(company.account, "Shop")
    readers = dict.fromkeys((company.account, shop), company.owner)
    role = {"value": "admins", "roleId": ROLE_IDS[BuiltinRole.ADMINISTRATOR]}
    await company.set(roleClaim="group", roles=[role])
    email = company.address()
    subject = company.person(email)
    async with told_as_shown(company.api, readers) as joined:
        await company.signed_in(subject)
    company.provider.know(subject, email=email, email_verified=True, name="Pia Sign-On", group="admins")
    async with told_as_shown(company.api, readers) as raised:
        await company.signed_in(subject)
    for events, kind in ((joined, "MEMBER_JOINED"), (raised, "MEMBER_UPDATED")):
        assert [event["type"] for event in events if event["accessChangeCount"]] == [kind]
