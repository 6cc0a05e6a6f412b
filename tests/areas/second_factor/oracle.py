"""The rows of the area `second_factor` in the tables that have one for each mutation, table or id."""

from models.base.ids import Kind
from tests.areas.second_factor import givens
from tests.areas.second_factor.requiring import prove_factor, require_factor
from tests.authz.escalation.outcomes import DONE
from tests.authz.escalation.statuses import BOTH, Inactive, Row, in_each_place
from tests.authz.rules.consequences import NO_CONSEQUENCE, OWN_ACCESS, Limited, does
from tests.bad_input.place import Place
from tests.bad_input.values import Input
from tests.storage.growth import deleted, one_each
from tests.storage.tree import Tree
from tests.world.world import PASSWORD, Account, World

_REFUSED = "SECOND_FACTOR_REFUSED"


def _as_ever(outcome: str) -> Row:
    """It is about no account; the outcome is that of the caller matrix."""
    return Row(in_each_place(outcome, outcome, outcome), BOTH, unchanged=frozenset(Inactive))


_PASSWORDS = does(limited={Limited.PASSWORDS})

CONSEQUENCES = {
    **dict.fromkeys(
        ("totpStart", "totpDisable", "recoveryCodesRenew", "passkeyStart", "passkeyRemove"), _PASSWORDS
    ),
    "totpConfirm": does(limited={Limited.CODES, Limited.CODES_A_DAY}),
    "passkeyAdd": OWN_ACCESS,
    "signInConfirm": does(limited={Limited.LINKS, Limited.CODES, Limited.CODES_A_DAY}),
    "passkeySignInStart": does(limited={Limited.PASSKEY_SIGN_INS}),
    "passkeySignIn": does(limited={Limited.LINKS}),
    "secondFactorRequire": NO_CONSEQUENCE,
    "secondFactorResetRequest": NO_CONSEQUENCE,
    "secondFactorResetApprove": NO_CONSEQUENCE,
    "secondFactorResetWithdraw": NO_CONSEQUENCE,
    "secondFactorStaffReset": NO_CONSEQUENCE,
}


STATUSES = {
    **dict.fromkeys(
        ("totpStart", "totpDisable", "recoveryCodesRenew", "passkeyStart", "passkeyRemove"),
        _as_ever("SIGN_IN_REFUSED"),
    ),
    "totpConfirm": _as_ever("FAILED_PRECONDITION"),
    **dict.fromkeys(("passkeyAdd", "signInConfirm", "passkeySignIn"), _as_ever(_REFUSED)),
    "passkeySignInStart": _as_ever(DONE),
    # To require one only takes away; who has proved none is told so.
    "secondFactorRequire": _as_ever("SECOND_FACTOR_REQUIRED"),
    "secondFactorResetRequest": _as_ever(DONE),
    "secondFactorResetApprove": Row(
        in_each_place("ACCOUNT_SUSPENDED", "ACCOUNT_SUSPENDED", "ACCOUNT_CLOSED"), BOTH
    ),
    "secondFactorResetWithdraw": _as_ever("NOT_FOUND"),
    "secondFactorStaffReset": _as_ever("NOT_FOUND"),
}


BOUNDS = {
    "totp_secrets": one_each("at most one for a person"),
    "recovery_codes": one_each("at most ten for a person"),
    "passkeys": one_each("at most 20 for a person"),
    "factor_challenges": deleted("a challenge that was not answered; at most 20 for a person before"),
    "factor_resets": deleted("a reset that nobody consented to; at most one for a person"),
    "second_factor_rules": one_each("at most one for an account"),
}


REMOVES = {
    "passkeyRemove": "passkeyId",
}


def inputs(place: Place) -> dict[str, Input]:
    """An input that works for each mutation, with a value for every field."""
    return {
        **givens.right_inputs(place.account, place.objects[Kind.PASSKEY], PASSWORD),
        "secondFactorRequire": {"accountId": place.master.id, "expectedVersion": 1, "required": False},
        "secondFactorResetApprove": {"memberId": place.member.id},
        "secondFactorStaffReset": {"email": place.member.person.email},
    }


ID_FIELDS = {
    "passkeyId": Kind.PASSKEY,
}


async def give_objects(world: World, account: Account) -> dict[Kind, str]:
    """An object of each kind of id that the area has."""
    return {Kind.PASSKEY: await givens.give_factors(world, account)}


async def give_rows(world: World, tree: Tree) -> None:
    """A row in each of the area's tables of trees."""
    await require_factor(world, tree.account)
    await prove_factor(world, tree.owner.token)
