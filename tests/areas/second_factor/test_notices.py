"""Whatever changes by what a person proves who it is, is mailed to the person."""

import datetime
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import select, update
from strawberry.types import get_object_definition
from strawberry.utils.str_converters import to_camel_case

from authz.policy.builtin_roles import BuiltinRole
from models.base.ids import Kind, new_id, present
from models.people.users import users
from models.second_factor.tables import passkeys, recovery_codes, totp_secrets
from resolvers.effects.mail_texts import quoted
from resolvers.second_factor.mail_kinds import FACTOR_CHANGES, FACTOR_RESETS, MAIL_KINDS
from resolvers.second_factor.notices import IF_CHANGED, IF_TO_BE_RESET, RESET_STEPS, Notice
from schema.second_factor import CONTRIBUTION
from tests.areas.effects.log import Mail, mails_to
from tests.areas.second_factor.requiring import prove_factor
from tests.areas.second_factor.steps import App, add_passkey, challenged, reset_is_due, with_app
from tests.authz.cases.moments import hash_quickly
from tests.client.api import Api
from tests.client.authenticator import SoftPasskey
from tests.client.mutations import Token, code_of, done
from tests.world.staff import staff_member
from tests.world.world import PASSWORD, Member, Person, World

_SUBJECTS = {kind.subject: kind for kind in MAIL_KINDS}
_LAPTOP = "Laptop at evil.example"


@dataclass
class Desk:
    """A person with an app, a passkey and recovery codes, who is in an account with an owner."""

    api: Api
    world: World
    owner: Member
    person: Person
    app: App
    codes: list[str]
    passkey: SoftPasskey
    passkey_id: str

    async def mails(self) -> list[Mail]:
        """What the person was told of its factors."""
        sent = await mails_to(self.world.database, self.person.email)
        return [mail for mail in sent if mail.subject in _SUBJECTS]

    async def proofs(self) -> list[object]:
        """By what the person proves who it is."""
        statements = (
            select(totp_secrets.c.secret).where(
                totp_secrets.c.user_id == self.person.key, totp_secrets.c.confirmed_at.is_not(None)
            ),
            select(passkeys.c.id).where(passkeys.c.user_id == self.person.key),
            select(recovery_codes.c.digest)
            .where(recovery_codes.c.user_id == self.person.key)
            .order_by(recovery_codes.c.digest),
        )
        async with self.world.database.connect() as connection:
            return [(await connection.execute(each)).scalars().all() for each in statements]

    async def asked(self) -> str:
        """The token of a challenge."""
        return str((await challenged(self.api, self.person))["challengeToken"])

    async def reset_is_asked(self) -> None:
        """As the person."""
        await done(self.api, "secondFactorResetRequest", None, challengeToken=await self.asked())

    async def own(self, name: str, **values: Any) -> str:
        """The person does it, with the password."""
        return await code_of(self.api, name, self.person, password=PASSWORD, **values)


@pytest.fixture
async def desk(stranger: Api, world: World) -> Desk:
    owner = await world.member(await world.account(), BuiltinRole.OWNER)
    member = await world.member(owner.account, BuiltinRole.ANALYST)
    person, app, codes = await with_app(stranger, world, member.person)
    passkey, made = await add_passkey(stranger, person, _LAPTOP)
    return Desk(stranger, world, owner, person, app, codes, passkey, made["passkey"]["id"])


Way = Callable[[Desk], Awaitable[str]]


async def _start_app(desk: Desk) -> str:
    assert await desk.own("totpDisable") == ""
    return await desk.own("totpStart")


async def _confirm_app(desk: Desk) -> str:
    assert await desk.own("totpDisable") == ""
    started = await done(desk.api, "totpStart", desk.person, "secret", password=PASSWORD)
    return await code_of(desk.api, "totpConfirm", desk.person, code=App(started["secret"]).code())


async def _disable_app(desk: Desk) -> str:
    return await desk.own("totpDisable")


async def _renew_codes(desk: Desk) -> str:
    return await desk.own("recoveryCodesRenew")


async def _start_passkey(desk: Desk) -> str:
    return await desk.own("passkeyStart")


async def _add_passkey(desk: Desk) -> str:
    await add_passkey(desk.api, desk.person, "Phone")
    return ""


async def _remove_passkey(desk: Desk) -> str:
    return await desk.own("passkeyRemove", passkeyId=desk.passkey_id)


async def _sign_in_by_app(desk: Desk) -> str:
    values = {"challengeToken": await desk.asked(), "code": desk.app.code()}
    return await code_of(desk.api, "signInConfirm", None, **values)


async def _sign_in_by_recovery(desk: Desk) -> str:
    values = {"challengeToken": await desk.asked(), "code": desk.codes[0]}
    return await code_of(desk.api, "signInConfirm", None, **values)


async def _start_sign_in(desk: Desk) -> str:
    query = "mutation { passkeySignInStart { userErrors { code } } }"
    assert (await desk.api.read(query))["passkeySignInStart"]["userErrors"] == []
    return ""


async def _sign_in_by_passkey(desk: Desk) -> str:
    started = "mutation { passkeySignInStart { challengeToken passkeyOptions } }"
    made = (await desk.api.read(started))["passkeySignInStart"]
    values = {
        "challengeToken": made["challengeToken"],
        "passkey": desk.passkey.get(made["passkeyOptions"]),
    }
    return await code_of(desk.api, "passkeySignIn", None, **values)


async def _require(desk: Desk) -> str:
    await prove_factor(desk.world, desk.owner.token)
    values = {"accountId": desk.owner.account.id, "expectedVersion": 1, "required": True}
    return await code_of(desk.api, "secondFactorRequire", desk.owner, **values)


async def _ask_reset(desk: Desk) -> str:
    await desk.reset_is_asked()
    return ""


async def _approve_reset(desk: Desk) -> str:
    await desk.reset_is_asked()
    return await code_of(desk.api, "secondFactorResetApprove", desk.owner, memberId=await _member_id(desk))


async def _withdraw_reset(desk: Desk) -> str:
    await desk.reset_is_asked()
    query = "mutation { secondFactorResetWithdraw { userErrors { code } } }"
    assert (await desk.api.read(query, desk.person))["secondFactorResetWithdraw"]["userErrors"] == []
    return ""


async def _due_reset(desk: Desk) -> str:
    """What an owner has consented to is done by the sign-in after it."""
    assert await _approve_reset(desk) == ""
    await reset_is_due(desk.world, desk.person)
    assert (await challenged(desk.api, desk.person))["token"] is not None
    return ""


async def _reset_by_staff(desk: Desk) -> str:
    await desk.reset_is_asked()
    first, second = await staff_member(desk.world), await staff_member(desk.world)
    assert await code_of(desk.api, "secondFactorStaffReset", first, email=desk.person.email) == ""
    return await code_of(desk.api, "secondFactorStaffReset", second, email=desk.person.email)


async def _member_id(desk: Desk) -> str:
    query = "query ($id: ID!, $who: ID) { account(id: $id) { members(userId: $who) { nodes { id } } } }"
    found = await desk.api.read(query, desk.owner, id=desk.owner.account.id, who=desk.person.id)
    (node,) = found["account"]["members"]["nodes"]
    return str(node["id"])


WAYS: Mapping[str, tuple[Way, list[Notice]]] = {
    "totpStart": (_start_app, [Notice.APP_REMOVED]),
    "totpConfirm": (_confirm_app, [Notice.APP_REMOVED, Notice.APP_ADDED]),
    "totpDisable": (_disable_app, [Notice.APP_REMOVED]),
    "recoveryCodesRenew": (_renew_codes, [Notice.CODES_RENEWED]),
    "passkeyStart": (_start_passkey, []),
    "passkeyAdd": (_add_passkey, [Notice.PASSKEY_ADDED]),
    "passkeyRemove": (_remove_passkey, [Notice.PASSKEY_REMOVED]),
    "signInConfirm": (_sign_in_by_recovery, [Notice.CODE_USED]),
    "signInConfirm by the app": (_sign_in_by_app, []),
    "passkeySignInStart": (_start_sign_in, []),
    "passkeySignIn": (_sign_in_by_passkey, []),
    "secondFactorRequire": (_require, []),
    "secondFactorResetRequest": (_ask_reset, [Notice.RESET_ASKED]),
    "secondFactorResetApprove": (_approve_reset, [Notice.RESET_ASKED, Notice.RESET_APPROVED]),
    "secondFactorResetWithdraw": (_withdraw_reset, [Notice.RESET_ASKED]),
    "signIn after a reset": (_due_reset, [Notice.RESET_ASKED, Notice.RESET_APPROVED, Notice.RESET]),
    "secondFactorStaffReset": (_reset_by_staff, [Notice.RESET_ASKED, Notice.RESET]),
}
"""Each mutation of the area, done, with what the person is told meanwhile."""


def test_every_mutation_of_the_area_is_tried() -> None:
    fields = [
        field.graphql_name or to_camel_case(field.python_name)
        for each in CONTRIBUTION.mutations
        for field in get_object_definition(each, strict=True).fields
    ]
    assert {name for name in WAYS if " " not in name} == set(fields)
    assert {notice for _, told in WAYS.values() for notice in told} == set(Notice)


@pytest.mark.parametrize("name", WAYS)
async def test_a_change_of_what_proves_the_person_is_mailed(desk: Desk, name: str) -> None:
    way, told = WAYS[name]
    proofs, before = await desk.proofs(), len(await desk.mails())
    assert await way(desk) == ""
    mails = (await desk.mails())[before:]
    assert len(mails) == len(told)
    for mail, notice in zip(mails, told, strict=True):
        policy = FACTOR_RESETS if notice in RESET_STEPS else FACTOR_CHANGES
        assert _SUBJECTS[mail.subject].policy is policy
        assert _start_of(notice) in mail.body
        assert (IF_TO_BE_RESET if notice in RESET_STEPS else IF_CHANGED).english in mail.body
    changes = [notice for notice in told if notice not in RESET_STEPS]
    assert bool(changes) == (await desk.proofs() != proofs)


async def test_what_is_refused_is_not_mailed(desk: Desk) -> None:
    before = await desk.mails()
    for name in ("totpDisable", "recoveryCodesRenew", "passkeyStart"):
        assert await code_of(desk.api, name, desk.person, password="wrong") == "SIGN_IN_REFUSED"
    wrong = {"challengeToken": await desk.asked(), "code": "ABCD-EFGH-JKLM-NPQR"}
    assert await code_of(desk.api, "signInConfirm", None, **wrong) == "SECOND_FACTOR_REFUSED"
    unknown = present(Kind.PASSKEY, new_id())
    assert await desk.own("passkeyRemove", passkeyId=unknown) == "NOT_FOUND"
    assert await desk.mails() == before


@pytest.mark.parametrize(
    ("language", "date", "moment"),
    [
        ("de-AT", "%d.%m.%Y", "Das geschah am {} um {} (Pacific/Kiritimati)."),
        ("en", "%Y-%m-%d", "It happened on {} at {} (Pacific/Kiritimati)."),
        ("den", "%Y-%m-%d", "It happened on {} at {} (Pacific/Kiritimati)."),
    ],
)
async def test_it_is_told_in_the_persons_language_and_by_its_clocks(
    desk: Desk, language: str, date: str, moment: str
) -> None:
    async with desk.world.database.begin() as connection:
        profile = {"language": language, "time_zone": "Pacific/Kiritimati"}
        await connection.execute(update(users).where(users.c.id == desk.person.key).values(profile))
    # The zone is 14 hours ahead, and has no summer time.
    zone = datetime.timezone(datetime.timedelta(hours=14))
    earliest = datetime.datetime.now(zone)
    assert await desk.own("passkeyRemove", passkeyId=desk.passkey_id) == ""
    mail = (await desk.mails())[-1]
    assert quoted(_LAPTOP) in mail.body
    assert "evil.example" not in mail.body
    is_german = language == "de-AT"
    assert mail.subject.startswith("Ihre" if is_german else "Your")
    assert mail.body.startswith("Guten Tag," if is_german else "Hello,")
    assert (IF_CHANGED.german if is_german else IF_CHANGED.english) in mail.body
    latest = datetime.datetime.now(zone)
    minutes = {f"{at:{date} %H:%M}" for at in (earliest, latest)}
    shown = {moment.format(*each.split(" ")) for each in minutes}
    assert any(each in mail.body for each in shown)


async def test_a_thief_who_removes_the_factors_is_told_of(desk: Desk) -> None:
    """To the address that the person has, whichever session did it."""
    signed_in = {"challengeToken": await desk.asked(), "code": desk.codes[1]}
    thief = Token((await done(desk.api, "signInConfirm", None, "token", **signed_in))["token"])
    await hash_quickly(desk.world.database, desk.person)
    assert await code_of(desk.api, "totpDisable", thief, password=PASSWORD) == ""
    used, removed = (await desk.mails())[-2:]
    assert _start_of(Notice.CODE_USED) in used.body
    assert _start_of(Notice.APP_REMOVED) in removed.body


def _start_of(notice: Notice) -> str:
    return re.split(r"\{", notice.value.english)[0]
