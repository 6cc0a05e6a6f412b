"""Who is in a gang at the start, and what it knows."""

from authz.policy.builtin_roles import BuiltinRole
from authz.policy.permissions import Permission, mask_of
from models.accounts.tables import RightsInheritance
from tests.authz.escalation.forests import plant_role, plant_share, set_modes
from tests.authz.escalation.gang_roles import KnownRole, KnownRoles
from tests.authz.escalation.gang_steps import SHAPE, Start
from tests.authz.escalation.reach_model import CustomRights, Forest, Grant, Node, Shared
from tests.client.api import Api, Caller
from tests.world.world import Account, CustomRole, Person, World


class GangMembers:
    """The callers, the accounts they know, and the memberships they may try to change."""

    def __init__(self, world: World, api: Api, start: Start) -> None:
        self._world = world
        self._api = api
        self._start = start
        self._forest = Forest(
            tuple(
                Node(parent, passes_all_roles=passes, parent_access=mode)
                for parent, passes, mode in zip(SHAPE, start.pass_all_roles, start.modes, strict=True)
            )
        )
        self.callers: list[Caller] = []
        self._account_ids: list[str] = []
        self._parents: list[int | None] = list(SHAPE)
        self._member_ids: list[str] = []
        self._accomplices: list[Person] = []
        self._keys: list[str] = []
        self._shares: list[str] = []
        self._roles = KnownRoles()

    async def set_up(self) -> None:
        """The accounts with an owner each, the principal, and two persons who are nobody yet."""
        accounts: list[Account] = []
        for parent, passes in zip(SHAPE, self._start.pass_all_roles, strict=True):
            account = await self._world.account(None if parent is None else accounts[parent])
            if passes:
                await self._world.set_inheritance(account, RightsInheritance.ALL_ROLES)
            owner = await self._world.member(account, BuiltinRole.OWNER)
            accounts.append(account)
            self._member_ids.append(owner.id)
        self._master, self._account_ids = accounts[0], [account.id for account in accounts]
        self._accomplices = [await self._world.person(), await self._world.person()]
        await set_modes(self._world, accounts, self._forest)
        await self._add_principal(accounts)
        if self._start.fellow is not None:
            await self._add_member(accounts, accounts[0], self._start.fellow, await self._world.person())

    async def _add_principal(self, accounts: list[Account]) -> None:
        if self._start.is_key:
            (grant,) = self._start.grants
            assert isinstance(grant, Grant)
            scopes = mask_of(frozenset(Permission[name] for name in grant.scopes))
            role = await self._role_of(accounts[grant.account], grant)
            key = await self._world.api_key(accounts[grant.account], role, scopes)
            self.callers.append(key)
            self._keys.append(key.id)
            return
        person = await self._world.person()
        for grant in self._start.grants:
            if isinstance(grant, Shared):
                shared = await plant_share(self._world, accounts, grant, person)
                self._learn(shared, grant.role)
                self._join(person)
            else:
                await self._add_member(accounts, accounts[grant.account], grant, person)

    async def _add_member(
        self, accounts: list[Account], owner: Account, grant: Grant, person: Person
    ) -> None:
        role = await self._role_of(owner, grant)
        member = await self._world.member(accounts[grant.account], role, person)
        self._member_ids.append(member.id)
        self._join(person)

    async def _role_of(self, owner: Account, grant: Grant) -> BuiltinRole | CustomRole:
        role = await plant_role(self._world, owner, grant.role)
        self._learn(role, grant.role)
        return role

    def _learn(
        self, role: BuiltinRole | CustomRole | None, rights: BuiltinRole | CustomRights | None
    ) -> None:
        if isinstance(role, CustomRole) and isinstance(rights, CustomRights):
            self._roles.found.append(KnownRole(role.id, rights))

    def _join(self, caller: Caller) -> None:
        if caller not in self.callers:
            self.callers.append(caller)
