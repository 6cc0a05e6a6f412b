"""An account that has one of everything, and what is stored of it."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass

from authz.policy.builtin_roles import BuiltinRole
from models.accounts.tables import Currency, ParentAccess
from models.areas import modules_of_areas
from models.base.ids import Kind, new_id, present
from models.effects.idempotency import idempotency_records
from models.effects.outbox import outbox_messages
from models.people.mailbox_links import MailboxLinkKind, mailbox_links
from models.people.sessions import sessions
from models.people.users import ownerships, users
from models.plans.catalogue import CataloguePlan, plan_id
from models.staff.overrides import OverrideKind
from models.staff.tables import StaffRole
from tests.areas.effects.log import mail_to
from tests.areas.single_sign_on.giving import give_code
from tests.client.api import Api, Caller
from tests.client.links import Opening, ask, break_glass, set_parent_access
from tests.client.mailbox import give_link
from tests.client.mutations import ROLE_IDS, done
from tests.database.stored import fingerprints
from tests.world.credit import EURO, give_credit, own_balances
from tests.world.ownership import give_offer
from tests.world.plans import GROWTH, STARTER, choose, subscribe
from tests.world.shares import Given, Share, give_share
from tests.world.staff import Override, ask_for_subaccounts, set_override, staff_member
from tests.world.world import Account, ApiKey, CustomRole, Member, Person, World


@dataclass(frozen=True)
class Place:
    """A subaccount with everything that mutations change, and `glass`, another one that can be opened by
    break-glass only. `above` owns their master account."""

    master: Account
    account: Account
    above: Member
    owner: Member
    member: Member
    key: ApiKey
    invited: Person
    invitation_id: str
    token: str
    guest: Person
    share: Share
    offered: Person
    offer: Share
    role: CustomRole
    glass: Account
    opening: Opening
    agent: Person
    approver: Person
    override: Override
    objects: Mapping[Kind, str]
    """What the areas give with `give_objects`, by their global ids."""
    verification: str
    """The secret of a link that verifies somebody's address."""
    reset: str
    """The secret of a link that sets somebody's password."""
    sign_in_code: str = ""
    """The code of a person who has signed in by the master account's single sign-on."""

    def caller(self, mutation: str) -> Caller:
        """Who may do it."""
        callers: dict[str, Caller] = {
            "memberLeave": self.member,
            "ownershipAccept": self.member,
            "ownershipDecline": self.member,
            "invitationAccept": self.invited,
            "invitationDecline": self.invited,
            "shareAccept": self.offered,
            "shareLeave": self.guest,
            "userDelete": self.guest,
            "overrideCreate": self.agent,
            "secondFactorStaffReset": self.agent,
            "totpDisable": self.owner,
            "overrideApprove": self.approver,
            "overrideEnd": self.agent,
            "subaccountsRequestDecline": self.agent,
            "accountStaffSuspend": self.agent,
            "accountStaffResume": self.agent,
            "reviewApprove": self.approver,
            "reviewDecline": self.agent,
            "reviewRevoke": self.agent,
            "sendingSourceStaffPause": self.agent,
            "sendingSourceStaffResume": self.agent,
            "parentAccessWithdraw": self.owner,
        }
        return callers.get(mutation, self.above)

    def ids(self) -> dict[Kind, str]:
        """An id of each kind that belongs to the account."""
        return {
            **self.objects,
            Kind.ACCOUNT: self.account.id,
            Kind.USER: self.member.person.id,
            Kind.MEMBER: self.member.id,
            Kind.ROLE: self.role.id,
            Kind.INVITATION: self.invitation_id,
            Kind.API_KEY: self.key.id,
            Kind.SHARE: self.share.id,
            Kind.BREAK_GLASS: self.opening.id,
            Kind.OVERRIDE: self.override.id,
        }

    def id_of(self, kind: Kind) -> str:
        """One of its ids; a plan belongs to nobody, so one for trees with another currency."""
        if kind is Kind.PLAN:
            return present(Kind.PLAN, plan_id(CataloguePlan.STARTER, Currency.USD))
        return self.ids()[kind]


async def make_place(api: Api, world: World) -> Place:
    """A place of its own tree."""
    master = await world.account()
    account = await world.account(master)
    above = await world.member(master, BuiltinRole.OWNER)
    owner = await world.member(account, BuiltinRole.OWNER)
    member = await world.member(account, BuiltinRole.ANALYST)
    key = await world.api_key(account)
    invited = await world.person()
    offer = {"accountId": account.id, "email": invited.email, "roleId": ROLE_IDS[BuiltinRole.FINANCE]}
    made = await done(api, "memberInvite", above, "invitation { id }", **offer, idempotencyKey="place")
    token = (await mail_to(world.database, invited.email)).token
    guest, offered = await world.person(), await world.person()
    share = await give_share(world, [account], guest, above.person)
    waiting = await give_share(world, [account], offered, above.person, Given(accepted=False))
    role = await world.role(account, "ACCOUNT_READ CONTACTS_READ CONTACTS_WRITE", "ACCOUNT_READ")
    agent, approver = await staff_member(world), await staff_member(world, StaffRole.APPROVER)
    override = await set_override(world, account, OverrideKind.REVIEW_APPROVED, agent)
    await ask_for_subaccounts(world, account)
    await own_balances(world, account)
    await give_credit(world, master, EURO)
    await subscribe(world, account, STARTER)
    await choose(world, account, GROWTH, datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=9))
    objects: dict[Kind, str] = {}
    for area in modules_of_areas("tests.areas.{area}.oracle"):
        if hasattr(area, "give_objects"):
            objects |= await area.give_objects(world, account)
    invitation_id = made["invitation"]["id"]
    await ask(world, account, ParentAccess.READ_ONLY, owner.person, from_above=False)
    await give_offer(world, account, member, owner.person, owner)
    glass = await world.account(master)
    await set_parent_access(world, glass, ParentAccess.BREAK_GLASS)
    opening = await break_glass(world, glass, above.person)
    return Place(
        master,
        account,
        above,
        owner,
        member,
        key,
        invited,
        invitation_id,
        token,
        guest,
        share,
        offered,
        waiting,
        role,
        glass,
        opening,
        agent,
        approver,
        override,
        objects,
        await give_link(world, await world.person(verified=False), MailboxLinkKind.EMAIL_VERIFICATION),
        await give_link(world, await world.person(), MailboxLinkKind.PASSWORD_RESET),
        await give_code(world, master),
    )


def nowhere() -> Place:
    """A place that is not there: for the names of what there is to send."""
    account = Account(new_id(), new_id(), "Nowhere", ())
    person = Person(new_id(), "Nobody", "nobody@example.com", "")
    member = Member(new_id(), person, account)
    key, share, role = ApiKey(new_id(), ""), Share(new_id(), ""), CustomRole(new_id(), "None")
    opening = Opening(new_id())
    return Place(
        *(account, account, member, member, member, key, person, "", "", person, share, person, share),
        *(role, account, opening, person, person, Override(new_id())),
        *({kind: present(kind, new_id()) for kind in Kind}, "", ""),
    )


async def stored(world: World, *places: Place) -> object:
    """All that is stored of the places' trees, and of people, sessions, mail and keys of repetition."""
    tables = users, sessions, ownerships, mailbox_links, outbox_messages, idempotency_records
    trees = await world.state(*[place.master for place in places])
    return trees, await fingerprints(world.database, tables)
