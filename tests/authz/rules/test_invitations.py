"""Invitations: who may accept them, when they end, and what they leave untouched (R32-R34, T11-T13)."""

from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from tests.authz.cases.moments import expire_invitations, expire_member, mailed_tokens
from tests.authz.escalation.outcomes import DONE, mutate, outcome
from tests.authz.matrix.matrix_callers import once
from tests.authz.rules.invitation_links import Invitations, offer_of, role_id
from tests.client.api import Api, Caller
from tests.world.world import Account, Member, Person, World


async def test_nothing_is_given_before_it_is_accepted(
    account: Account, inviter: Member, invited: Person, invitations: Invitations
) -> None:
    """R33: an offer alone shows the offer alone; R34: then exactly what was offered."""
    token = await invitations.invite(inviter, account, invited.email, BuiltinRole.ANALYST)
    assert await invitations.accounts_of(invited) == []
    assert await invitations.preview(token) == {
        "accountName": account.name,
        "roleName": "ANALYST",
        "email": invited.email,
        "inviterName": inviter.person.name,
    }
    assert await invitations.accept(invited, token) == DONE
    assert await invitations.accounts_of(invited) == [account.id]
    assert await invitations.preview(token) is None


async def test_only_the_invited_person_accepts(
    world: World, account: Account, inviter: Member, invited: Person, invitations: Invitations
) -> None:
    """T11: whoever else holds the link gets nothing, and the offer stays open for its person."""
    token = await invitations.invite(inviter, account, invited.email)
    key = await world.api_key(account)
    before = await world.state(account)
    assert await invitations.accept(await world.person(), token) == "WRONG_PERSON"
    assert await invitations.accept(inviter, token) == "WRONG_PERSON"
    assert await invitations.accept(key, token) == "PERSON_REQUIRED"
    assert await invitations.accept(None, token) == "UNAUTHENTICATED"
    assert await world.state(account) == before
    assert await invitations.accept(invited, token) == DONE


async def test_the_address_is_compared_as_people_mean_it(
    world: World, account: Account, inviter: Member, invitations: Invitations
) -> None:
    """T24: case and spaces around make no other person; a tag does."""
    number = once()
    person = await world.person(email=f"Mia.{number}@Example.COM")
    tagged = await world.person(email=f"mia.{number}+news@example.com")
    token = await invitations.invite(inviter, account, f"mIA.{number}@example.com")
    assert await invitations.accept(tagged, token) == "WRONG_PERSON"
    assert await invitations.accept(person, token) == DONE


async def test_a_secret_works_once(
    world: World, account: Account, inviter: Member, invited: Person, invitations: Invitations
) -> None:
    """Neither again, nor after the person has left."""
    token = await invitations.invite(inviter, account, invited.email)
    assert await invitations.accept(invited, token) == DONE
    before = await world.state(account)
    assert await invitations.accept(invited, token) == "INVITATION_USED"
    assert await world.state(account) == before


async def test_a_used_secret_brings_nobody_back(
    api: Api, account: Account, inviter: Member, invited: Person, invitations: Invitations
) -> None:
    """Who was removed stays removed until invited anew."""
    token = await invitations.invite(inviter, account, invited.email)
    assert await invitations.accept(invited, token) == DONE
    left = await mutate(api, "memberLeave", invited, {"accountId": account.id})
    assert outcome(left, "memberLeave") == DONE
    assert await invitations.accept(invited, token) == "INVITATION_USED"
    assert await invitations.accounts_of(invited) == []
    anew = await invitations.invite(inviter, account, invited.email)
    assert await invitations.accept(invited, anew) == DONE


async def test_what_is_no_secret_finds_nothing(invited: Person, invitations: Invitations) -> None:
    """Malformed, unknown and of another kind alike."""
    for token in ("", "nonsense", invited.token, "mdi_" + "0" * 33):
        assert await invitations.accept(invited, token) == "NOT_FOUND"
        assert await invitations.preview(token) is None


async def test_expired(
    world: World,
    account: Account,
    inviter: Member,
    invited: Person,
    invitations: Invitations,
    database: AsyncEngine,
) -> None:
    """By the database's clock."""
    token = await invitations.invite(inviter, account, invited.email)
    await expire_invitations(database, invited.email)
    before = await world.state(account)
    assert await invitations.preview(token) is None
    assert await invitations.accept(invited, token) == "INVITATION_EXPIRED"
    assert await world.state(account) == before


async def test_revoked(
    api: Api, world: World, account: Account, inviter: Member, invited: Person, invitations: Invitations
) -> None:
    """Withdrawn by a member of the account; what was accepted cannot be withdrawn."""
    token = await invitations.invite(inviter, account, invited.email)
    invitation_id = await _last_invitation(api, inviter, account)
    assert await api.refusal("invitationRevoke", inviter, invitationId=invitation_id) == ""
    before = await world.state(account)
    assert await invitations.preview(token) is None
    assert await invitations.accept(invited, token) == "INVITATION_REVOKED"
    assert await api.refusal("invitationRevoke", inviter, invitationId=invitation_id) == ""
    assert await world.state(account) == before
    anew = await invitations.invite(inviter, account, invited.email)
    assert await invitations.accept(invited, anew) == DONE
    used = await _last_invitation(api, inviter, account)
    assert await api.refusal("invitationRevoke", inviter, invitationId=used) == "INVITATION_USED"


async def test_inviting_again_makes_a_new_secret(
    account: Account, inviter: Member, invited: Person, invitations: Invitations
) -> None:
    """T11: and the old one works no longer; what is offered is what was offered last."""
    old = await invitations.invite(inviter, account, invited.email, BuiltinRole.ADMINISTRATOR)
    new = await invitations.invite(inviter, account, invited.email, BuiltinRole.ANALYST)
    assert old != new
    assert await invitations.preview(old) is None
    assert await invitations.accept(invited, old) == "INVITATION_REVOKED"
    offered = await invitations.preview(new)
    assert offered["roleName"] == "ANALYST"
    assert await invitations.accept(invited, new) == DONE


async def test_the_same_request_again_sends_nothing(
    api: Api, world: World, account: Account, inviter: Member, invited: Person, database: AsyncEngine
) -> None:
    """T17: one key, one invitation, one mail; under the same key nothing else."""
    values = {"accountId": account.id, "email": invited.email, "idempotencyKey": once()}
    marketer, analyst = role_id(BuiltinRole.MARKETER), role_id(BuiltinRole.ANALYST)
    selection = "invitation { id } replayed"
    first = await api.change("memberInvite", inviter, selection, roleId=marketer, **values)
    before = await world.state(account)
    again = await api.change("memberInvite", inviter, selection, roleId=marketer, **values)
    assert again == first | {"replayed": True}
    assert await api.refusal("memberInvite", inviter, roleId=analyst, **values) == "IDEMPOTENCY_MISMATCH"
    assert await world.state(account) == before
    assert len(await mailed_tokens(database, invited.email)) == 1


async def test_a_member_cannot_be_invited(api: Api, world: World, account: Account, inviter: Member) -> None:
    """Nor change the own role by an invitation."""
    member = await world.member(account, BuiltinRole.ANALYST)
    before = await world.state(account)
    refusal = await api.refusal("memberInvite", inviter, **offer_of(account, member.person.email))
    assert refusal == "ALREADY_MEMBER"
    assert await world.state(account) == before


async def test_who_became_a_member_meanwhile_keeps_the_role(
    world: World, account: Account, inviter: Member, invited: Person, invitations: Invitations
) -> None:
    """The older offer changes nothing any more."""
    token = await invitations.invite(inviter, account, invited.email, BuiltinRole.ADMINISTRATOR)
    await world.member(account, BuiltinRole.ANALYST, invited)
    before = await world.state(account)
    assert await invitations.accept(invited, token) == "ALREADY_MEMBER"
    assert await world.state(account) == before


async def test_who_was_a_member_once_can_be_one_again(
    world: World,
    account: Account,
    inviter: Member,
    invited: Person,
    invitations: Invitations,
    database: AsyncEngine,
) -> None:
    """T9: a membership that has ended is none."""
    await expire_member(database, await world.member(account, BuiltinRole.ADMINISTRATOR, invited))
    token = await invitations.invite(inviter, account, invited.email, BuiltinRole.ANALYST)
    assert await invitations.accept(invited, token) == DONE
    assert await invitations.accounts_of(invited) == [account.id]


async def test_membership_is_additive(
    world: World, account: Account, inviter: Member, invitations: Invitations
) -> None:
    """T12: whoever owns an account and works in another keeps both."""
    own, other = await world.account(), await world.account()
    owner = await world.member(own, BuiltinRole.OWNER)
    await world.member(other, BuiltinRole.FINANCE, owner.person)
    token = await invitations.invite(inviter, account, owner.person.email)
    elsewhere = await world.state(own, other)
    assert await invitations.accept(owner, token) == DONE
    assert await world.state(own, other) == elsewhere
    assert await invitations.accounts_of(owner) == [account.id, own.id, other.id]


async def test_ownership_for_somebody_who_owns_another_account(
    api: Api, world: World, account: Account, invitations: Invitations
) -> None:
    """R46, T13: the inviter hears nothing of it; only who accepts is told, and owns what was owned before."""
    owner = await world.member(account, BuiltinRole.OWNER)
    elsewhere = await world.account()
    invited = await world.member(elsewhere, BuiltinRole.OWNER)
    token = await invitations.invite(owner, account, invited.person.email, BuiltinRole.OWNER)
    before = await world.state(account, elsewhere)
    assert await invitations.accept(invited, token) == "ALREADY_OWNS_ACCOUNT"
    assert await world.state(account, elsewhere) == before
    assert await invitations.accounts_of(invited) == [elsewhere.id]


async def test_ownership_for_somebody_who_owns_none(
    world: World, account: Account, invited: Person, invitations: Invitations
) -> None:
    """From then on the person owns one."""
    owner = await world.member(account, BuiltinRole.OWNER)
    token = await invitations.invite(owner, account, invited.email, BuiltinRole.OWNER)
    assert await invitations.accept(invited, token) == DONE
    elsewhere = await world.account()
    other = await world.member(elsewhere, BuiltinRole.OWNER)
    second = await invitations.invite(other, elsewhere, invited.email, BuiltinRole.OWNER)
    assert await invitations.accept(invited, second) == "ALREADY_OWNS_ACCOUNT"


async def test_the_answer_tells_nothing_of_who_is_registered(
    api: Api, world: World, account: Account, inviter: Member, database: AsyncEngine
) -> None:
    """T13: nobody's address, a stranger's, an owner's: one answer, one event, one mail."""
    stranger = await world.person()
    owner = await world.member(await world.account(), BuiltinRole.OWNER)
    answers, subjects = [], []
    selection = "invitation { email status role { name } acceptedAt revokedAt } replayed"
    for email in (f"{once()}@example.com", stranger.email, owner.person.email):
        payload = await api.change("memberInvite", inviter, selection, **offer_of(account, email))
        assert payload["invitation"].pop("email") == email
        answers.append(payload)
        subjects.append(len(await mailed_tokens(database, email)))
    assert answers[0] == answers[1] == answers[2]
    assert answers[0]["userErrors"] == []
    assert subjects == [1, 1, 1]


async def _last_invitation(api: Api, caller: Caller, account: Account) -> str:
    query = "query ($id: ID!) { account(id: $id) { invitations(first: 1) { nodes { id } } } }"
    nodes = (await api.read(query, caller, id=account.id))["account"]["invitations"]["nodes"]
    id_: str = nodes[0]["id"]
    return id_
