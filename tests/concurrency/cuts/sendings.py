"""How each mutation is sent so that it changes something. Most are sent as the matrix of callers says. A
mutation has a row here if nobody in the matrix may do it, or if it changes nothing there."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from authz.policy.builtin_roles import BuiltinRole
from models.people.mailbox_links import MailboxLinkKind
from tests.areas.second_factor.givens import give_factors, right_inputs
from tests.areas.second_factor.requiring import prove_factor
from tests.areas.sessions.stored import give_session
from tests.areas.single_sign_on.giving import VERIFIER, give_code, give_single_sign_on
from tests.authz.cases.moments import hash_quickly
from tests.authz.escalation.outcomes import DONE
from tests.authz.matrix.matrix_callers import ANONYMOUS, PEOPLE, Stage, once
from tests.authz.matrix.matrix_fields import MUTATIONS
from tests.authz.matrix.matrix_rows import Values
from tests.client.api import Caller
from tests.client.mailbox import give_link
from tests.world.staff import answer_requests, staff_member
from tests.world.world import PASSWORD


@dataclass(frozen=True)
class Sending:
    """A mutation that can be done once. After `undo` others can do it, too."""

    caller: Caller | None
    values: Values | None
    undo: Callable[[], Awaitable[None]]


Prepare = Callable[[Stage], Awaitable[tuple[Caller | None, Values | None]]]


async def sending(name: str, stage: Stage) -> Sending:
    """Make what it needs."""
    own = _OWN.get(name)
    if own is not None:
        return Sending(*await own(stage), _nothing)
    mutation = MUTATIONS[name]
    able = {caller for caller, outcome in mutation.expected.items() if outcome == DONE}
    caller = min(able & (PEOPLE | ANONYMOUS))  # the use of a key is noted beside the request

    async def undo() -> None:
        await mutation.restore(stage, caller)

    return Sending(stage.callers[caller], await mutation.prepare(stage), undo)


async def _nothing() -> None: ...


async def _sign_up(stage: Stage) -> tuple[None, Values]:
    return None, {
        "name": "Pia",
        "email": f"{once()}@example.com",
        "password": PASSWORD,
        "accountName": "Own",
    }


async def _password_reset(stage: Stage) -> tuple[None, Values]:
    token = await give_link(stage.world, await stage.world.person(), MailboxLinkKind.PASSWORD_RESET)
    return None, {"token": token, "newPassword": PASSWORD}


async def _password_change(stage: Stage) -> tuple[Caller, Values]:
    person = await stage.world.person()
    await hash_quickly(stage.world.database, person)
    return person, {"currentPassword": PASSWORD, "newPassword": f"another {PASSWORD}"}


async def _email_change(stage: Stage) -> tuple[Caller, Values]:
    person = await stage.world.person()
    await hash_quickly(stage.world.database, person)
    return person, {"email": f"{once()}@example.com", "password": PASSWORD}


async def _user_update(stage: Stage) -> tuple[Caller, Values]:
    return await stage.world.person(), {"expectedVersion": 1, "name": "Another Name"}


async def _user_delete(stage: Stage) -> tuple[Caller, Values]:
    person = await stage.world.person()
    await hash_quickly(stage.world.database, person)
    return person, {"password": PASSWORD}


async def _verification(stage: Stage) -> tuple[Caller, None]:
    return await stage.world.person(verified=False), None


async def _subaccounts_request(stage: Stage) -> tuple[Caller, Values]:
    asker = stage.members["parent_administrator"]
    await answer_requests(stage.world, stage.parent, asker.person)
    return asker, {"accountId": stage.parent.id, "reason": "One for each branch."}


async def _single_sign_on(stage: Stage) -> tuple[Caller, Values]:
    """The settings of a new master account."""
    account = await stage.world.account()
    owner = await stage.world.member(account, BuiltinRole.OWNER)
    settings = {"issuer": "https://login.example.com", "clientId": "mandant"}
    return owner, {"accountId": account.id, "expectedVersion": 1, **settings}


async def _single_sign_on_removal(stage: Stage) -> tuple[Caller, Values]:
    account = await stage.world.account()
    await give_single_sign_on(stage.world, account)
    return await stage.world.member(account, BuiltinRole.OWNER), {"accountId": account.id}


async def _single_sign_on_code(stage: Stage) -> tuple[None, Values]:
    code = await give_code(stage.world, await stage.world.account())
    return None, {"code": code, "verifier": VERIFIER}


async def _others(stage: Stage) -> tuple[Caller, None]:
    person = await stage.world.person()
    await give_session(stage.world, person)
    return person, None


def _of_factors(name: str) -> Prepare:
    """In a place of its own, as the tables of the area have it."""

    async def prepare(stage: Stage) -> tuple[Caller | None, Values | None]:
        world, master = stage.world, await stage.world.account()
        account = await world.account(master)
        above = await world.member(master, BuiltinRole.OWNER)
        owner = await world.member(account, BuiltinRole.OWNER)
        member = await world.member(account, BuiltinRole.ANALYST)
        for each in (above, owner):
            await hash_quickly(world.database, each.person)
            await prove_factor(world, each.token)
        passkey_id = await give_factors(world, account)
        values: dict[str, Values] = {
            **right_inputs(account, passkey_id, PASSWORD),
            "sessionLimitsUpdate": {"accountId": master.id, "expectedVersion": 1, "idleMinutes": 60},
            "secondFactorRequire": {"accountId": master.id, "expectedVersion": 1, "required": True},
            "secondFactorResetApprove": {"memberId": member.id},
            "secondFactorStaffReset": {"email": member.person.email},
            "secondFactorResetWithdraw": {},
        }
        callers: dict[str, Caller | None] = {
            "totpDisable": owner,
            "secondFactorStaffReset": await staff_member(world),
            "secondFactorResetWithdraw": member,
        }
        return callers.get(name, above), values[name] or None

    return prepare


_OF_FACTORS = (
    *("totpStart", "totpConfirm", "totpDisable", "recoveryCodesRenew", "passkeyStart", "passkeyAdd"),
    *("passkeyRemove", "signInConfirm", "passkeySignIn", "sessionLimitsUpdate", "secondFactorRequire"),
    *("secondFactorResetApprove", "secondFactorResetWithdraw", "secondFactorStaffReset"),
)
_OWN: dict[str, Prepare] = {
    **{name: _of_factors(name) for name in _OF_FACTORS},
    "sessionRevokeOthers": _others,
    "signUp": _sign_up,
    "passwordReset": _password_reset,
    "passwordChange": _password_change,
    "emailChange": _email_change,
    "userUpdate": _user_update,
    "userDelete": _user_delete,
    "emailVerificationRequest": _verification,
    "subaccountsRequest": _subaccounts_request,
    "singleSignOnUpdate": _single_sign_on,
    "singleSignOnRemove": _single_sign_on_removal,
    "singleSignOnComplete": _single_sign_on_code,
}
