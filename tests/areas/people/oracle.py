"""The rows of the area `people` in the tables that have one for each mutation, table or id."""

from sqlalchemy import update

from models.people.users import users
from resolvers.people.mail_kinds import PASSWORD_RESET
from tests.authz.escalation.outcomes import DONE
from tests.authz.escalation.statuses import BOTH, Inactive, Row, in_each_place
from tests.authz.rules.consequences import NO_CONSEQUENCE, Access, Limited, does
from tests.bad_input.place import Place
from tests.bad_input.values import Input, unused_address
from tests.client.updates import Field, Null, Update, Updated
from tests.storage.growth import deleted, kept, one_each
from tests.world.brand import Brand
from tests.world.world import PASSWORD, World


def _as_ever(outcome: str, *callers: str) -> Row:
    """It is about no account; the outcome is that of the caller matrix."""
    return Row(in_each_place(outcome, outcome, outcome), callers or BOTH, unchanged=frozenset(Inactive))


CONSEQUENCES = {
    "signUp": does(access=Access.ITSELF, limited={Limited.SIGN_UPS_OF_A_PLACE}),
    "signIn": does(access=Access.ITSELF),
    "emailVerify": does(access=Access.ITSELF),
    # Whoever asks there has a proved address, and gets none.
    "emailVerificationRequest": NO_CONSEQUENCE,
    "passwordResetRequest": does(mails={PASSWORD_RESET}, limited={Limited.PASSWORD_RESETS}),
    "passwordReset": does(access=Access.ITSELF, limited={Limited.LINKS}),
    "signOut": does(access=Access.ITSELF),
    "passwordChange": does(access=Access.ITSELF, limited={Limited.PASSWORDS}),
    "emailChange": does(access=Access.ITSELF, limited={Limited.PASSWORDS}),
    "userUpdate": NO_CONSEQUENCE,
    "userDelete": does(access=Access.ITSELF, limited={Limited.PASSWORDS}),
}


STATUSES = {
    "signUp": _as_ever("BAD_USER_INPUT"),
    "signIn": _as_ever(DONE),
    "signOut": _as_ever(DONE),
    "passwordChange": _as_ever("SIGN_IN_REFUSED"),
    "emailVerify": _as_ever(DONE),
    "emailVerificationRequest": _as_ever(DONE),
    "passwordResetRequest": _as_ever(DONE),
    "passwordReset": _as_ever("BAD_USER_INPUT"),
    "emailChange": _as_ever("SIGN_IN_REFUSED"),
    "userUpdate": _as_ever("CONFLICT"),
    "userDelete": _as_ever("SIGN_IN_REFUSED"),
}


BOUNDS = {
    "devices": deleted("a device that was not used; at most 20 for a person before"),
    "mailbox_links": deleted("a link that was never used"),
    "ownerships": one_each("at most one for a person"),
    "sessions": deleted("a session that ended"),
    "users": kept("people; signing up is limited"),
}


def inputs(place: Place) -> dict[str, Input]:
    """An input that works for each mutation, with a value for every field."""
    return {
        "signUp": {"name": "A", "email": unused_address(place), "password": PASSWORD, "accountName": "B"}
        | {"invitationToken": None, "shareToken": None, "currency": "CHF"},
        "signIn": {"email": place.member.person.email, "password": PASSWORD, "deviceToken": "mdd_x"},
        "emailVerify": {"token": place.verification, "code": None, "password": PASSWORD},
        "emailChange": {"email": unused_address(place), "password": PASSWORD},
        "passwordResetRequest": {"email": place.member.person.email},
        "passwordReset": {"token": place.reset, "newPassword": "another good password"},
        "passwordChange": {"currentPassword": PASSWORD, "newPassword": "another good password"},
        "userUpdate": {"expectedVersion": 1, "name": "New", "language": "de", "timeZone": "Europe/Berlin"},
        "userDelete": {"password": PASSWORD},
    }


async def _profile(world: World, brand: Brand) -> Updated:
    own = users.c.id == brand.owner.person.key
    async with world.database.begin() as connection:
        await connection.execute(update(users).where(own).values(language="de", time_zone="Europe/Berlin"))
    return Updated({}, own)


UPDATES = {
    "userUpdate": Update(
        users,
        _profile,
        {
            "name": Field("New", ("initials", "name"), Null.REFUSED),
            "language": Field("fr-CA", ("language",), None),
            "timeZone": Field("America/Toronto", ("time_zone",), None),
        },
    ),
}


REMOVES = {"userDelete": "removedUserId"}
