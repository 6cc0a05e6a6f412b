"""The two changes: each authorizes, locks, changes and logs in one transaction."""

import hashlib
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from authz.policy.permissions import Permission
from benchmarks.usual.database import writing
from benchmarks.usual.loaders import paths_of
from benchmarks.usual.policy import Policy
from benchmarks.usual.principal import Principal
from benchmarks.usual.reach import Reached, Step, acting_from, reached
from benchmarks.usual.tables import Account, Event, IdempotencyRecord
from models.base.ids import new_id

_OPEN = text("SELECT set_config('mandant.trees', :tree, true)")
_POST = text(
    "SELECT * FROM ledger_post(:tree, :posted, 'TRANSFER', :user_id, :api_key_id, :memo, "
    "ARRAY[:source, :target]::uuid[], ARRAY['CREDIT', 'CREDIT'], ARRAY[-:amount ::bigint, :amount ::bigint])"
)


class Refused(Exception):
    """Nothing was changed."""


@dataclass(frozen=True)
class Transfer:
    """What is asked for."""

    source: UUID
    target: UUID
    amount: int
    memo: str | None
    key: str

    @property
    def digest(self) -> bytes:
        """Of the request, to tell a repeated one from another under the same key."""
        content = [str(self.target), str(self.amount), self.memo]
        return hashlib.sha256(json.dumps(content).encode()).digest()


class Writes:
    """Changes by one principal."""

    def __init__(self, policy: Policy, principal: Principal) -> None:
        self._policy = policy
        self._principal = principal

    async def rename(self, account_id: UUID, expected_version: int, name: str) -> Reached:
        """The changed account. Raises Refused."""
        async with writing.begin() as session:
            query = select(Account).where(Account.id == account_id).with_for_update()
            account = await session.scalar(query)
            found = None if account is None else await self._reached(session, account)
            if found is None or not found.permissions & Permission.ACCOUNT_WRITE.bit:
                raise Refused
            account = found.account
            if account.version != expected_version:
                raise Refused
            event = self._event(account, found.path, Permission.ACCOUNT_WRITE, "account.updated")
            event.subject_id, event.before, event.after = (
                f"acct_{account.id}",
                {"name": account.name},
                {"name": name},
            )
            session.add(event)
            account.name, account.version = name, account.version + 1
            return found

    async def transfer(self, asked: Transfer) -> tuple[bool, Reached]:
        """Whether the key was used before, and the giving account. Raises Refused."""
        async with writing.begin() as session:
            source, target = await self._pair(session, asked)
            posted = uuid.uuid4()
            if not await self._claim(session, source.account, asked, posted):
                return True, source
            sides = (source.account, target.account)
            if any(one.parent_id is not None and one.credit_mode != "OWN_BALANCE" for one in sides):
                raise Refused
            await self._post(session, source.account, asked, posted)
            for side in (source, target):
                event = self._event(side.account, side.path, Permission.CREDIT_TRANSFER, "credit.transferred")
                event.subject_id = f"ltrx_{posted}"
                event.after = {
                    "from": f"acct_{asked.source}",
                    "to": f"acct_{asked.target}",
                    "amount": str(asked.amount),
                }
                session.add(event)
            return False, source

    async def _pair(self, session: AsyncSession, asked: Transfer) -> tuple[Reached, Reached]:
        """Both accounts, locked: one above the other, and credit may be handed on in both."""
        query = (
            select(Account)
            .where(Account.id.in_([asked.source, asked.target]))
            .order_by(Account.id)
            .with_for_update(read=True)
        )
        accounts = {account.id: account for account in await session.scalars(query)}
        if len(accounts) < 2:
            raise Refused
        paths = await paths_of(session, list(accounts.values()))
        source, target = (
            reached(self._policy, self._principal, accounts[id_], paths[id_])
            for id_ in (asked.source, asked.target)
        )
        if source is None or target is None:
            raise Refused
        if not source.permissions & target.permissions & Permission.CREDIT_TRANSFER.bit:
            raise Refused
        above = {step.ancestor_id for step in source.path}, {step.ancestor_id for step in target.path}
        if asked.target not in above[0] and asked.source not in above[1]:
            raise Refused
        return source, target

    async def _claim(self, session: AsyncSession, account: Account, asked: Transfer, posted: UUID) -> bool:
        """Whether the key is new. Raises Refused where it was used for something else."""
        who = self._principal.user_id or self._principal.api_key_id
        key = {
            "master_id": account.master_id,
            "account_id": account.id,
            "principal_id": who,
            "key": asked.key,
        }
        claim = (
            insert(IdempotencyRecord)
            .values(
                **key,
                operation="creditTransfer",
                request_digest=asked.digest,
                result={"transaction": str(posted)},
            )
            .on_conflict_do_nothing()
            .returning(IdempotencyRecord.key)
        )
        if await session.scalar(claim) is not None:
            return True
        earlier = await session.scalar(select(IdempotencyRecord.request_digest).filter_by(**key))
        if earlier != asked.digest:
            raise Refused
        return False

    async def _post(self, session: AsyncSession, account: Account, asked: Transfer, posted: UUID) -> None:
        await session.execute(_OPEN, {"tree": str(account.master_id)})
        values = {
            "tree": account.master_id,
            "posted": posted,
            "user_id": self._principal.user_id,
            "api_key_id": self._principal.api_key_id,
            "memo": asked.memo,
            "source": asked.source,
            "target": asked.target,
            "amount": asked.amount,
        }
        if (await session.execute(_POST, values)).first() is not None:
            raise Refused

    async def _reached(self, session: AsyncSession, account: Account) -> Reached | None:
        paths = await paths_of(session, [account])
        return reached(self._policy, self._principal, account, paths[account.id])

    def _event(self, account: Account, path: Sequence[Step], permission: Permission, kind: str) -> Event:
        return Event(
            master_id=account.master_id,
            id=new_id(),
            account_id=account.id,
            kind=kind,
            actor_user_id=self._principal.user_id,
            actor_api_key_id=self._principal.api_key_id,
            actor_account_id=acting_from(self._policy, self._principal, path, permission),
        )
