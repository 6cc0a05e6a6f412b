"""Single sign-on that is required: whose password opens nothing any more, and who gets in all the same."""

import asyncio

from sqlalchemy import delete, update

from authz.policy.builtin_roles import BuiltinRole
from models.domains.tables import DomainKind
from models.members.tables import memberships
from models.people.users import users
from tests.areas.single_sign_on.company import Company
from tests.authz.cases.moments import hash_quickly
from tests.client.api import Api, Caller
from tests.client.mutations import Token, attempt, code_of, done
from tests.client.places import new_place
from tests.world.domains import give_domain
from tests.world.world import PASSWORD, Member, Person, World


async def _owner(company: Company) -> Member:
    """Another owner, with an address of the company."""
    person = await company.world.person(email=company.address())
    await hash_quickly(company.world.database, person)
    return await company.world.member(company.account, BuiltinRole.OWNER, person)


async def _person(company: Company) -> Person:
    person = await company.world.person(email=company.address())
    await hash_quickly(company.world.database, person)
    return person


async def _sign_in(company: Company, person: Person) -> str:
    return await code_of(company.api, "signIn", None, email=person.email, password=PASSWORD)


async def _is_in(api: Api, caller: Caller) -> bool:
    return not (await api.ask("{ viewer { id } }", caller)).errors


async def test_passwords_open_nothing_but_for_the_named_owners(company: Company) -> None:
    person, owner = await _person(company), await _owner(company)
    other = await _owner(company)
    stranger = await company.world.person()
    await hash_quickly(company.world.database, stranger)
    by_issuer = await company.signed_in(company.person())
    assert await _sign_in(company, person) == ""
    await company.set(enforcement="REQUIRED", breakGlassMemberIds=[owner.id])
    assert await _sign_in(company, person) == "SINGLE_SIGN_ON_REQUIRED"
    assert await _sign_in(company, other.person) == "SINGLE_SIGN_ON_REQUIRED"
    assert await _sign_in(company, owner.person) == ""
    assert await _sign_in(company, stranger) == ""
    found = [await _is_in(company.api, each) for each in (person, other, owner, stranger, by_issuer)]
    assert found == [False, False, True, True, True]
    await company.signed_in(company.person(person.email))
    await company.set(enforcement="OPTIONAL", breakGlassMemberIds=[])
    assert await _sign_in(company, person) == ""


async def test_a_wrong_password_is_told_nothing_of_it(company: Company) -> None:
    person, owner = await _person(company), await _owner(company)
    await company.set(enforcement="REQUIRED", breakGlassMemberIds=[owner.id])
    code = await code_of(company.api, "signIn", None, email=person.email, password="another one")
    assert code == "SIGN_IN_REFUSED"


async def test_whoever_sets_it_keeps_the_own_session(company: Company) -> None:
    named, other = await _owner(company), await _owner(company)
    company.owner = other
    await company.set(enforcement="REQUIRED", breakGlassMemberIds=[named.id])
    assert await _is_in(company.api, other)


async def test_if_no_named_owner_is_left_every_owner_gets_in(company: Company) -> None:
    named, other, person = await _owner(company), await _owner(company), await _person(company)
    await company.set(enforcement="REQUIRED", breakGlassMemberIds=[named.id])
    assert await _sign_in(company, other.person) == "SINGLE_SIGN_ON_REQUIRED"
    async with company.world.database.begin() as connection:
        await connection.execute(delete(memberships).where(memberships.c.id == named.key))
    assert await _sign_in(company, other.person) == ""
    assert await _sign_in(company, person) == "SINGLE_SIGN_ON_REQUIRED"
    assert await _sign_in(company, named.person) == "SINGLE_SIGN_ON_REQUIRED"


async def test_a_sign_in_domain_stays_while_it_is_required(company: Company) -> None:
    owner = await _owner(company)
    developer = await company.world.member(company.account, BuiltinRole.DEVELOPER)
    await company.set(enforcement="REQUIRED", breakGlassMemberIds=[owner.id])
    removing = {"domainId": company.domain.id}
    assert await code_of(company.api, "domainRemove", developer, **removing) == "FAILED_PRECONDITION"
    await company.set(enforcement="OPTIONAL", breakGlassMemberIds=[])
    await done(company.api, "domainRemove", developer, **removing)


async def test_a_domain_to_send_from_is_none_to_sign_in_by(company: Company, world: World) -> None:
    """Whoever lets an agency send mail of a domain does not let it sign people in."""
    customer = await give_domain(world, company.account, kind=DomainKind.SENDING, verified=True)
    owner = await _owner(company)
    person = await world.person(email=f"ceo-{company.account.key.hex}@{customer.name}")
    await hash_quickly(world.database, person)
    await company.set(enforcement="REQUIRED", breakGlassMemberIds=[owner.id])
    assert await _sign_in(company, person) == ""
    assert await company.failure(company.person(person.email)) == "OTHER_DOMAIN"


async def test_only_master_accounts_have_sign_in_domains(company: Company) -> None:
    below = await company.world.account(company.account, "Team")
    new = {"kind": "SIGN_IN", "name": company.domain.name}
    made = await code_of(company.api, "domainAdd", company.owner, accountId=below.id, **new)
    assert made == "FAILED_PRECONDITION"
    again = await code_of(company.api, "domainAdd", company.owner, accountId=company.account.id, **new)
    assert again == "CONFLICT"
    # The same name for mail is another domain.
    await done(
        company.api,
        "domainAdd",
        company.owner,
        accountId=company.account.id,
        kind="SENDING",
        name=company.domain.name,
    )


async def test_an_invited_person_of_the_domain_signs_up_by_the_issuer(company: Company) -> None:
    owner = await _owner(company)
    await company.set(enforcement="REQUIRED", breakGlassMemberIds=[owner.id])
    email = company.address()
    async with Api.of(company.app, new_place()) as new:
        made = {"name": "New", "email": email, "password": PASSWORD, "accountName": "Own"}
        assert await code_of(new, "signUp", None, **made) == "SINGLE_SIGN_ON_REQUIRED"
    async with company.world.database.connect() as connection:
        found = await connection.execute(users.select().where(users.c.email_canonical == email))
        assert found.all() == []


async def test_an_address_that_left_the_domain_is_free(company: Company) -> None:
    owner, person = await _owner(company), await _person(company)
    await company.set(enforcement="REQUIRED", breakGlassMemberIds=[owner.id])
    elsewhere = f"{person.key.hex}@example.org"
    async with company.world.database.begin() as connection:
        moved = update(users).where(users.c.id == person.key)
        await connection.execute(moved.values(email=elsewhere, email_canonical=elsewhere))
    assert await code_of(company.api, "signIn", None, email=elsewhere, password=PASSWORD) == ""


async def test_a_token_of_nobody_is_still_nobody(company: Company) -> None:
    assert not await _is_in(company.api, Token("mds_x"))


async def test_whoever_signs_in_meanwhile_is_refused_or_ended(company: Company) -> None:
    """Whichever comes first, no password has a session afterwards."""
    owner, person = await _owner(company), await _person(company)
    for _ in range(4):
        signing = [
            attempt(company.api, "signIn", None, "token", email=person.email, password=PASSWORD)
            for _ in range(4)
        ]
        required = company.set(enforcement="REQUIRED", breakGlassMemberIds=[owner.id])
        made, _ = await asyncio.gather(asyncio.gather(*signing), required)
        tokens = [each.payload["token"] for each in made if each.done]
        assert [await _is_in(company.api, Token(token)) for token in tokens] == [False] * len(tokens)
        await company.set(enforcement="OPTIONAL", breakGlassMemberIds=[])
