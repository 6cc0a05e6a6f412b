"""Signing in and out, and changing the password."""

from authz.policy.builtin_roles import BuiltinRole
from tests.client.api import Api, Caller
from tests.client.mutations import Token, code_of, done
from tests.world.world import PASSWORD, World


async def _signed_in(api: Api, email: str) -> Token:
    return Token((await done(api, "signIn", None, "token", email=email, password=PASSWORD))["token"])


async def _answers(api: Api, caller: Caller) -> bool:
    answer = await api.ask("{ viewer { id } }", caller)
    assert answer.errors == [] or answer.codes == ["UNAUTHENTICATED"]
    return answer.errors == []


async def test_signing_in_opens_a_session_for_thirty_days(stranger: Api, world: World) -> None:
    person = await world.person()
    made = await done(
        stranger, "signIn", None, "token expiresAt user { id }", email=person.email, password=PASSWORD
    )
    assert made["user"] == {"id": person.id}
    viewer = (await stranger.read("{ viewer { id user { email } } }", Token(made["token"])))["viewer"]
    assert viewer == {"id": person.id, "user": {"email": person.email}}


async def test_a_wrong_password_and_an_unknown_address_are_refused_alike(stranger: Api, world: World) -> None:
    """T13: nobody learns who is a customer."""
    person = await world.person()
    wrong = await stranger.change("signIn", None, email=person.email, password="another password")
    unknown = await stranger.change("signIn", None, email=f"no-{person.email}", password=PASSWORD)
    assert wrong == unknown
    assert wrong["userErrors"][0]["code"] == "SIGN_IN_REFUSED"


async def test_signing_out_ends_the_session_that_asks_and_no_other(stranger: Api, world: World) -> None:
    person = await world.person()
    one, other = await _signed_in(stranger, person.email), await _signed_in(stranger, person.email)
    gone = await stranger.read("mutation { signOut { user { id } userErrors { code } } }", one)
    assert gone["signOut"]["userErrors"] == []
    assert not await _answers(stranger, one)
    assert await _answers(stranger, other)


async def test_a_new_password_ends_all_other_sessions(stranger: Api, world: World) -> None:
    person = await world.person()
    own, other = await _signed_in(stranger, person.email), await _signed_in(stranger, person.email)
    change = {"currentPassword": PASSWORD, "newPassword": "a much better password"}
    changed = await done(stranger, "passwordChange", own, "user { id }", **change)
    assert changed["user"] == {"id": person.id}
    assert await _answers(stranger, own)
    assert not await _answers(stranger, other)
    assert not await _answers(stranger, person)
    old = await code_of(stranger, "signIn", None, email=person.email, password=PASSWORD)
    new = await code_of(stranger, "signIn", None, email=person.email, password="a much better password")
    assert (old, new) == ("SIGN_IN_REFUSED", "")


async def test_a_new_password_needs_the_old_one(stranger: Api, world: World) -> None:
    person = await world.person()
    change = {"currentPassword": "not the password", "newPassword": "a much better password"}
    assert await code_of(stranger, "passwordChange", person, **change) == "SIGN_IN_REFUSED"
    assert await code_of(stranger, "signIn", None, email=person.email, password=PASSWORD) == ""


async def test_a_program_has_neither_session_nor_password(stranger: Api, world: World) -> None:
    key = await world.api_key(await world.account(), BuiltinRole.ADMINISTRATOR)
    change = {"currentPassword": PASSWORD, "newPassword": "a much better password"}
    assert await code_of(stranger, "passwordChange", key, **change) == "PERSON_REQUIRED"
    gone = await stranger.read("mutation { signOut { userErrors { code } } }", key)
    assert gone["signOut"]["userErrors"] == [{"code": "PERSON_REQUIRED"}]
