"""A YAML case, set up in the database."""

import itertools
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import Select, select

from authz.policy.builtin_roles import BuiltinRole
from authz.policy.permissions import ALL_PERMISSIONS, mask_of
from models.access_review.tables import access_review_items, access_reviews
from models.accounts.tables import AccountStatus, Currency, ParentAccess
from models.base.ids import Kind, present
from models.plans.catalogue import CataloguePlan, plan_id
from tests.areas.staff.staff_at_work import in_days
from tests.authz.cases.case_files import Case, KeyCase, KeyState, OpeningCase, OpeningState, ShareCase
from tests.authz.cases.case_references import Reference, Referent
from tests.authz.cases.moments import PAST, expire_key, made_by, revoke_key
from tests.authz.escalation.reach_model import ShareState
from tests.client.api import Caller
from tests.client.links import Opening, break_glass, set_parent_access
from tests.world.credit import PaymentMethod, give_payment_method
from tests.world.shares import Given, Share, give_share
from tests.world.staff import staff_member
from tests.world.world import Account, ApiKey, CustomRole, Member, Person, World, role_key

_numbers = itertools.count(1)
NO_REVIEW = present(Kind.ACCESS_REVIEW, uuid.UUID(int=7 << 76 | 2 << 62))
"""The id of an access review that nobody has started."""


class Identified(Protocol):
    """Whatever has an id that clients see."""

    @property
    def id(self) -> str: ...


@dataclass(frozen=True)
class Scene:
    """What stands in the database, by the case's names."""

    world: World
    accounts: Mapping[str, Account]
    callers: Mapping[str, Caller]
    members: Mapping[tuple[str, str], Member]
    keys: Mapping[str, ApiKey]
    roles: Mapping[str, BuiltinRole | CustomRole]
    shares: Mapping[str, Share]
    openings: Mapping[str, Opening]
    cards: Mapping[str, PaymentMethod]

    def ids(self, names: tuple[str, ...]) -> list[str]:
        """The accounts' ids."""
        return [self.accounts[name].id for name in names]

    async def state(self) -> object:
        """All that is stored of all of the case's trees."""
        return await self.world.state(*self.accounts.values())

    async def resolve(self, value: Any) -> Any:
        """A write's input with ids in place of references."""
        if isinstance(value, dict):
            return {name: await self.resolve(item) for name, item in value.items()}
        if isinstance(value, list):
            return [await self.resolve(item) for item in value]
        if not isinstance(value, Reference):
            return value
        match value.referent, value.names:
            case Referent.REVIEW, (account,):
                return await self.newest_review(account) or NO_REVIEW
            case Referent.ITEM, (account, name):
                return await self.newest_item(account, name)
        return self._id(value)

    async def newest_review(self, account: str) -> str:
        """The id of the account's newest access review; empty: it has had none."""
        newest = select(access_reviews.c.id).where(access_reviews.c.account_id == self.accounts[account].key)
        found = await self._found(newest.order_by(access_reviews.c.id.desc()).limit(1))
        return "" if found is None else present(Kind.ACCESS_REVIEW, found)

    async def newest_item(self, account: str, name: str) -> str:
        """The id of what the account was last asked about a key, a share or a member."""
        member = self.members.get((name, account))
        key = (member or self.keys.get(name) or self.shares[name]).key
        item = access_review_items.c
        own = item.account_id == self.accounts[account].key, item.subject_id == key
        found = await self._found(select(item.id).where(*own).order_by(item.id.desc()).limit(1))
        # Before anything is asked, it is asked for by what nothing has.
        return present(Kind.ACCESS_REVIEW_ITEM, key if found is None else found)

    async def _found(self, statement: Select[Any]) -> uuid.UUID | None:
        async with self.world.database.connect() as connection:
            found: uuid.UUID | None = (await connection.execute(statement)).scalar_one_or_none()
        return found

    def _id(self, reference: Reference) -> str:
        named: Mapping[Referent, Mapping[str, Identified]] = {
            Referent.ACCOUNT: self.accounts,
            Referent.KEY: self.keys,
            Referent.SHARE: self.shares,
            Referent.OPENING: self.openings,
            Referent.CARD: self.cards,
        }
        match reference.referent, reference.names:
            case referent, (name,) if referent in named:
                return named[referent][name].id
            case Referent.MEMBER, (person, account):
                return self.members[person, account].id
            case Referent.PLAN, (code,):
                return present(Kind.PLAN, plan_id(CataloguePlan[code], Currency.EUR))
            case Referent.ROLE, (name,):
                return present(Kind.ROLE, role_key(self.roles[name]))
            case Referent.ONCE, ():
                return f"once-{next(_numbers)}"
            case Referent.SOON, ():
                return in_days(30)
        raise ValueError(reference)


async def set_up(world: World, case: Case) -> Scene:
    """Make the case's accounts, people and keys; statuses last, as in life."""
    accounts: dict[str, Account] = {}
    for name, account in case.accounts.items():
        accounts[name] = await world.account(accounts[account.under] if account.under else None, name)
        await world.set_inheritance(accounts[name], account.inheritance)
    roles: dict[str, BuiltinRole | CustomRole] = dict(BuiltinRole.__members__)
    for name, role in case.roles.items():
        roles[name] = await world.role(accounts[role.account], role.permissions, role.below, name)
    callers: dict[str, Caller] = {}
    members: dict[tuple[str, str], Member] = {}
    for name, held in case.people.items():
        callers[name] = person = await world.person(name)
        for account_name, membership in held.items():
            ends = PAST if membership.expired else None
            made = await world.member(accounts[account_name], roles[membership.role], person, ends)
            members[name, account_name] = made
        if name in case.staff:
            await staff_member(world, case.staff[name], person)
    keys: dict[str, ApiKey] = {}
    for name, key in case.keys.items():
        keys[name] = await _make_key(world, accounts[key.account], roles[key.role], key)
        if key.creator is not None:
            creator = {**callers, **keys}[key.creator]
            assert isinstance(creator, Person | ApiKey)
            await made_by(world.database, keys[name], creator, key.choice)
    shares = {
        name: await _give(world, accounts, callers, roles, share) for name, share in case.shares.items()
    }
    openings = {
        name: await _open(world, accounts, callers, opening) for name, opening in case.openings.items()
    }
    cards = {
        name: await give_payment_method(world, accounts[account]) for name, account in case.cards.items()
    }
    await _set_links_and_statuses(world, accounts, case)
    return Scene(world, accounts, {**callers, **keys}, members, keys, roles, shares, openings, cards)


async def _set_links_and_statuses(world: World, accounts: Mapping[str, Account], case: Case) -> None:
    for name, account in case.accounts.items():
        if account.parent_access is not ParentAccess.FULL:
            await set_parent_access(world, accounts[name], account.parent_access)
        if account.status is not AccountStatus.ACTIVE:
            await world.set_status(accounts[name], account.status)


async def _open(
    world: World, accounts: Mapping[str, Account], callers: Mapping[str, Caller], opening: OpeningCase
) -> Opening:
    person = callers[opening.by]
    assert isinstance(person, Person)
    return await break_glass(
        world,
        accounts[opening.account],
        person,
        expires_at=PAST if opening.state is OpeningState.EXPIRED else None,
        ended_at=PAST if opening.state is OpeningState.ENDED else None,
    )


async def _give(
    world: World,
    accounts: Mapping[str, Account],
    callers: Mapping[str, Caller],
    roles: Mapping[str, BuiltinRole | CustomRole],
    share: ShareCase,
) -> Share:
    person = callers[share.to]
    assert isinstance(person, Person)
    given = Given(
        None if share.role is None else roles[share.role],
        share.areas,
        share.hidden,
        accepted=share.state is not ShareState.WAITS,
        expires_at=PAST if share.state is ShareState.EXPIRED else None,
        revoked_at=PAST if share.state is ShareState.REVOKED else None,
    )
    opened = [accounts[name] for name in share.accounts]
    return await give_share(world, opened, person, await world.person(), given)


async def _make_key(world: World, account: Account, role: BuiltinRole | CustomRole, key: KeyCase) -> ApiKey:
    scopes = ALL_PERMISSIONS if key.scopes is None else mask_of(key.scopes)
    made = await world.api_key(account, role, scopes)
    match key.state:
        case KeyState.REVOKED:
            await revoke_key(world.database, made)
        case KeyState.EXPIRED:
            await expire_key(world.database, made)
    return made
