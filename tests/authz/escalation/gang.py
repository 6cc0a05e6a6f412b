"""A principal and everybody it lets in, working together through the API to get more than it was given."""

import dataclasses
from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy import select

from models.api_keys.tables import api_keys
from models.base.ids import Kind, parse, present
from models.shares.tables import shares
from tests.authz.cases.expectations import AS_MEMBER, FROM_ABOVE
from tests.authz.cases.moments import mailed_tokens
from tests.authz.escalation.gang_members import GangMembers
from tests.authz.escalation.gang_roles import role_input
from tests.authz.escalation.gang_steps import NARROW, SHAPE, Step, StepKind
from tests.authz.escalation.outcomes import DONE, mutate, outcome
from tests.authz.escalation.reach_model import Grant, area_of
from tests.authz.matrix.matrix_callers import Bearer, once
from tests.client.api import Caller
from tests.world.world import Person


class Gang(GangMembers):
    """What they do, and what they gain by it."""

    async def take(self, step: Step) -> str:
        """Try it. What became of it."""
        actor = self.callers[step.actor % len(self.callers)]
        tries: dict[StepKind, Callable[[Caller, Step], Awaitable[str]]] = {
            StepKind.INVITE: self._invite,
            StepKind.UPDATE: self._update,
            StepKind.KEY: self._make_key,
            StepKind.TRANSFER: self._transfer,
            StepKind.SUBACCOUNT: self._make_subaccount,
            StepKind.INHERIT: self._pass_all_roles,
            StepKind.WIDEN: self._widen,
            StepKind.SHARE: self._share,
            StepKind.WIDEN_SHARE: self._widen_share,
            StepKind.MAKE_ROLE: self._make_role,
            StepKind.CHANGE_ROLE: self._change_role,
        }
        return await tries[step.kind](actor, step)

    async def gains(self) -> list[tuple[str, str, list[str]]]:
        """What anybody of the gang holds now beyond what the principal held at the start."""
        found = []
        for caller in self.callers:
            query = "{ viewer { id accounts(first: 100) { nodes { id viewerPermissions } } } }"
            viewer = (await self._api.read(query, caller))["viewer"]
            for account in viewer["accounts"]["nodes"]:
                number = self._account_ids.index(account["id"])
                more = set(account["viewerPermissions"]) - self._held_at_start(number)
                if more:
                    found.append((viewer["id"], account["id"], sorted(more)))
        return found

    def _held_at_start(self, account: int) -> frozenset[str]:
        """In an account that was made since: what was held below the one that it was made under."""
        if account < len(SHAPE):
            return self._forest.held(self._start.all_grants, account)
        ancestors = self._known_ancestors(account)
        roles = [grant for grant in self._start.all_grants if isinstance(grant, Grant)]
        above = [grant for grant in roles if grant.account in ancestors]
        nearest = max(number for number in ancestors if number < len(SHAPE))
        return frozenset[str]().union(
            *(
                self._forest.given_below(grant) & self._forest.passed(grant.account, nearest)
                for grant in above
            )
        )

    def _known_ancestors(self, account: int) -> set[int]:
        parent = self._parents[account]
        return set() if parent is None else {parent} | self._known_ancestors(parent)

    async def _invite(self, actor: Caller, step: Step) -> str:
        accomplice = self._accomplices[step.target % len(self._accomplices)]
        values = {"accountId": self._account(step), "email": accomplice.email, "roleId": self._role_id(step)}
        became, _ = await self._ask(actor, "memberInvite", values | {"idempotencyKey": once()})
        return await self._accept(accomplice) if became == DONE else became

    async def _accept(self, accomplice: Person) -> str:
        token = (await mailed_tokens(self._world.database, accomplice.email))[-1]
        became, payload = await self._ask(accomplice, "invitationAccept", {"token": token})
        if became == DONE:
            self._member_ids.append(payload["member"]["id"])
            self._join(accomplice)
        return became

    async def _update(self, actor: Caller, step: Step) -> str:
        values = {"memberId": self._member(step), "roleId": self._role_id(step)}
        return (await self._ask(actor, "memberUpdate", values))[0]

    async def _make_key(self, actor: Caller, step: Step) -> str:
        permissions = None if step.permissions is None else sorted(step.permissions & self._given(step))
        values = {"accountId": self._account(step), "name": "Crowbar", "roleId": self._role_id(step)}
        became, payload = await self._ask(actor, "apiKeyCreate", values | {"permissions": permissions})
        if became == DONE:
            self._join(Bearer(payload["secret"]))
            if payload["apiKey"] is not None:  # without API_KEYS_READ it is made unseen
                self._keys.append(payload["apiKey"]["id"])
        return became

    async def _widen(self, actor: Caller, step: Step) -> str:
        """A key of the gang's, to all that a role gives; where there is none, one is made that can little."""
        if not self._keys:
            narrow = dataclasses.replace(step, permissions=frozenset({"ACCOUNT_READ"}))
            became = await self._make_key(actor, narrow)
            if became != DONE:
                return became
        key = self._keys[step.target % len(self._keys)]
        values = {"apiKeyId": key, "permissions": sorted(self._given(step))}
        version = select(api_keys.c.version).where(api_keys.c.id == parse(Kind.API_KEY, key))
        async with self._world.database.connect() as connection:
            values["expectedVersion"] = (await connection.execute(version)).scalar_one()
        return (await self._ask(actor, "apiKeyUpdate", values))[0]

    async def _share(self, actor: Caller, step: Step) -> str:
        accomplice = self._accomplices[step.target % len(self._accomplices)]
        values = {"accountIds": [self._account(step)], "email": accomplice.email, **self._scope(step)}
        became, payload = await self._ask(actor, "shareCreate", values | {"idempotencyKey": once()})
        if became != DONE:
            return became
        token = (await mailed_tokens(self._world.database, accomplice.email))[-1]
        became, payload = await self._ask(accomplice, "shareAccept", {"token": token})
        if became == DONE:
            self._shares.append(payload["share"]["id"])
            self._join(accomplice)
        return became

    async def _widen_share(self, actor: Caller, step: Step) -> str:
        """A share of the gang's, to another account and to all that a role gives; where there is none, one is
        made that can little."""
        if not self._shares:
            narrow = dataclasses.replace(step, permissions=frozenset({"STATISTICS_READ"}))
            became = await self._share(actor, narrow)
            if became != DONE:
                return became
        share = self._shares[step.target % len(self._shares)]
        values = {"shareId": share, "accountIds": [self._account(step)], "roleId": self._role_id(step)}
        version = select(shares.c.version).where(shares.c.id == parse(Kind.SHARE, share))
        async with self._world.database.connect() as connection:
            values["expectedVersion"] = (await connection.execute(version)).scalar_one()
        return (await self._ask(actor, "shareUpdate", values))[0]

    async def _make_role(self, actor: Caller, step: Step) -> str:
        values = {"accountId": self._account(step), "name": once()}
        became, _ = await self._ask(actor, "roleCreate", values | role_input(step.rights))
        if became == DONE:
            await self._roles.add(self._world.database, values["name"], step.rights)
        return became

    async def _change_role(self, actor: Caller, step: Step) -> str:
        """A role that the gang knows; where it knows none, one that it makes."""
        if not self._roles.found:
            became = await self._make_role(actor, dataclasses.replace(step, rights=NARROW))
            if became != DONE:
                return became
        role = self._roles.found[step.target % len(self._roles.found)]
        values = {"roleId": role.id, "expectedVersion": role.version}
        became, _ = await self._ask(actor, "roleUpdate", values | role_input(step.rights))
        if became == DONE and role.rights != step.rights:
            role.rights, role.version = step.rights, role.version + 1
        return became

    async def _transfer(self, actor: Caller, step: Step) -> str:
        values = {
            "accountId": self._account(step),
            "toMemberId": self._member(step),
            "fromMemberId": self._member_ids[step.account % len(SHAPE)],
        }
        became, _ = await self._ask(actor, "ownershipTransfer", values)
        if became == DONE:
            # Whoever of them it is offered to accepts.
            for accomplice in self._accomplices:
                await self._ask(accomplice, "ownershipAccept", {"accountId": values["accountId"]})
        return became

    async def _make_subaccount(self, actor: Caller, step: Step) -> str:
        accomplice = self._accomplices[step.target % len(self._accomplices)]
        owner = accomplice.email if step.permissions is None else None
        values = {"parentId": self._account(step), "name": "Den", "ownerEmail": owner}
        became, payload = await self._ask(actor, "subaccountCreate", values | {"idempotencyKey": once()})
        if became != DONE:
            return became
        self._parents.append(step.account % len(self._account_ids))
        self._account_ids.append(await self._account_of_key(payload["secret"]))
        self._join(Bearer(payload["secret"]))
        return became if owner is None else await self._accept(accomplice)

    async def _account_of_key(self, secret: str) -> str:
        """Also where the key may not read its account."""
        key = (await self._api.read("{ viewer { apiKey { id } } }", Bearer(secret)))["viewer"]["apiKey"]
        statement = select(api_keys.c.account_id).where(api_keys.c.id == parse(Kind.API_KEY, key["id"]))
        async with self._world.database.connect() as connection:
            return present(Kind.ACCOUNT, (await connection.execute(statement)).scalar_one())

    async def _pass_all_roles(self, actor: Caller, step: Step) -> str:
        values = {"accountId": self._account(step), "expectedVersion": 1, "rightsInheritance": "ALL_ROLES"}
        return (await self._ask(actor, "accountUpdate", values))[0]

    async def _ask(self, actor: Caller, name: str, values: dict[str, Any]) -> tuple[str, Any]:
        answer = await mutate(self._api, name, actor, values)
        return outcome(answer, name), (answer.data or {}).get(name)

    def _account(self, step: Step) -> str:
        return self._account_ids[step.account % len(self._account_ids)]

    def _member(self, step: Step) -> str:
        return self._member_ids[step.target % len(self._member_ids)]

    def _role_id(self, step: Step) -> str:
        custom = self._roles.pick(step.custom)
        return present(Kind.ROLE, step.role.id) if custom is None else custom.id

    def _scope(self, step: Step) -> dict[str, Any]:
        """A role, or the areas of some permissions."""
        if step.permissions is None:
            return {"roleId": self._role_id(step)}
        return {"areas": sorted(set(map(area_of, step.permissions)))}

    def _given(self, step: Step) -> frozenset[str]:
        """All that the role gives anywhere."""
        custom = self._roles.pick(step.custom)
        return AS_MEMBER[step.role] | FROM_ABOVE[step.role] if custom is None else custom.given
