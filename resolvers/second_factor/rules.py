"""Whether an account requires a second factor of its people, for itself and all below it."""

from dataclasses import dataclass

from sqlalchemy import delete, exists, func, insert, literal, select
from sqlalchemy.types import Uuid

from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized, WriteKind, authorize
from authz.policy.permissions import Permission
from authz.policy.refusals import PermissionDenied, Refusal, RefusalCode
from engine.writes.sessions import WriteSession
from models.accounts.trees import columns_of, in_account
from models.base.ids import AccountId
from models.second_factor.tables import second_factor_rules
from resolvers.effects.account_versions import check_version, raise_version
from resolvers.effects.event_types import EventType
from resolvers.effects.log import record_of_account


@dataclass(frozen=True)
class SecondFactorRule:
    """`required`: by the account itself. `expected_version`: of the account."""

    account_id: AccountId
    expected_version: int
    required: bool


async def update_rule(session: WriteSession, principal: Principal, command: SecondFactorRule) -> Authorized:
    """Require a second factor in the account and below it, or no longer.

    Needs SETTINGS_WRITE in the account and below it, by a right that lasts. To require one only takes access
    away, so that no status forbids it. Raises VersionConflict, and SECOND_FACTOR_REQUIRED for a person who
    has proved none, and would shut itself out.
    """
    kind = WriteKind.TAKES_AWAY if command.required else WriteKind.CHANGES
    account = await authorize(session, principal, command.account_id, Permission.SETTINGS_WRITE, kind)
    if not account.below_mask & Permission.SETTINGS_WRITE.bit:
        raise PermissionDenied(Permission.SETTINGS_WRITE)
    check_version(account, command.expected_version)
    own = in_account(second_factor_rules, account)
    before: bool = (await session.execute(select(exists().where(own)))).scalar_one()
    if before == command.required:
        return account
    if command.required:
        await session.send_built(insert(second_factor_rules).values(**columns_of(account)))
        await _check_proved(session, principal, account)
    else:
        await session.send_built(delete(second_factor_rules).where(own))
    await raise_version(session, account)
    change = {"required": before}, {"required": command.required}
    kind_of_event = EventType.SECOND_FACTOR_RULE_UPDATED
    await record_of_account(session, principal, account, kind_of_event, dict(change[0]), dict(change[1]))
    return account


async def _check_proved(session: WriteSession, principal: Principal, account: Authorized) -> None:
    if principal.user_id is None:
        return
    bars = func.mandant_second_factor_bars(
        principal.credentials.digest, literal(account.master_id, Uuid), literal(account.account_id, Uuid)
    )
    if (await session.execute(select(bars))).scalar_one():
        message = "Set up a second factor yourself first: without one you would be shut out."
        raise Refusal(RefusalCode.SECOND_FACTOR_REQUIRED, message)
