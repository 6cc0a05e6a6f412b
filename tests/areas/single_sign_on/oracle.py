"""The rows of the area `single_sign_on` in the tables that have one for each mutation, table or id."""

from authz.policy.builtin_roles import BuiltinRole
from models.base.ids import Kind
from models.single_sign_on.tables import single_sign_ons
from tests.areas.single_sign_on.giving import VERIFIER, give_identity, give_single_sign_on
from tests.authz.escalation.statuses import BOTH, Inactive, Row, in_each_place
from tests.authz.rules.consequences import NO_CONSEQUENCE, Limited, does
from tests.bad_input.place import Place
from tests.bad_input.values import Input
from tests.client.mutations import ROLE_IDS
from tests.client.updates import Field, Null, Update, Updated, of_account
from tests.storage.growth import deleted, kept, one_each
from tests.storage.tree import Tree
from tests.world.brand import Brand
from tests.world.world import World

CONSEQUENCES = {
    "singleSignOnUpdate": NO_CONSEQUENCE,
    "singleSignOnRemove": NO_CONSEQUENCE,
    "singleSignOnComplete": does(limited={Limited.SINGLE_SIGN_ON_CODES}),
}


def _refused(outcome: str) -> Row:
    """The account of the caller matrix is a subaccount."""
    return Row(in_each_place(outcome, outcome, outcome), BOTH, unchanged=frozenset(Inactive))


STATUSES = {
    "singleSignOnUpdate": Row(in_each_place("ACCOUNT_SUSPENDED", "ACCOUNT_SUSPENDED", "ACCOUNT_CLOSED")),
    "singleSignOnRemove": _refused("FAILED_PRECONDITION"),
    "singleSignOnComplete": _refused("LINK_NOT_VALID"),
}


BOUNDS = {
    "single_sign_ons": one_each("at most one for a master account"),
    "single_sign_on_roles": one_each("at most 100 for a master account"),
    "single_sign_on_exceptions": one_each("at most 10 for a master account"),
    "single_sign_on_identities": kept("whom an issuer has named, so that the person is found again"),
    "single_sign_on_attempts": deleted("a sign-in that was not completed"),
    "single_sign_on_codes": deleted("a sign-in whose session was not opened"),
    "single_sign_on_tokens": deleted("a token that has expired"),
}


REMOVES = {
    "singleSignOnRemove": "account.id",  # an account has one at most
}


def inputs(place: Place) -> dict[str, Input]:
    """An input that works for each mutation, with a value for every field."""
    account = {"accountId": place.master.id}
    return {
        "singleSignOnUpdate": account
        | {
            "expectedVersion": 1,
            "issuer": "https://login.example.com",
            "clientId": "mandant",
            "clientSecret": "a secret",
            "audience": "https://api.example.com",
            "enforcement": "OPTIONAL",
            "roleClaim": "groups",
            "roles": [{"value": "all", "roleId": ROLE_IDS[BuiltinRole.ANALYST]}],
            "defaultRoleId": ROLE_IDS[BuiltinRole.ANALYST],
            "breakGlassMemberIds": [place.above.id],
        },
        "singleSignOnRemove": account,
        "singleSignOnComplete": {
            "code": place.sign_in_code,
            "verifier": VERIFIER,
            "deviceToken": "mdd_x",
        },
    }


ID_FIELDS = {
    "defaultRoleId": Kind.ROLE,
    "breakGlassMemberIds": Kind.MEMBER,
}


async def give_rows(world: World, tree: Tree) -> None:
    """A row in each of the area's tables."""
    await give_single_sign_on(world, tree.master, tree.owner.person)
    await give_identity(world, tree.master, tree.owner.person)


async def _settings(world: World, brand: Brand) -> Updated:
    await give_single_sign_on(world, brand.master, brand.owner.person)
    return of_account(brand.master, single_sign_ons)


async def _other_owner(world: World, brand: Brand) -> list[str]:
    return [(await world.member(brand.master, BuiltinRole.OWNER)).id]


UPDATES = {
    "singleSignOnUpdate": Update(
        single_sign_ons,
        _settings,
        {
            "issuer": Field("https://other.example.com", ("issuer",), Null.REFUSED),
            "clientId": Field("another", ("client_id",), Null.REFUSED),
            "clientSecret": Field("another secret", ("client_secret",), None),
            "audience": Field("https://other.example.com", ("audience",), None),
            "enforcement": Field("REQUIRED", ("enforcement",), Null.REFUSED),
            "roleClaim": Field("teams", ("role_claim",), Null.REFUSED),
            "roles": Field(
                [{"value": "few", "roleId": ROLE_IDS[BuiltinRole.MARKETER]}], ("single_sign_on_roles",), []
            ),
            "defaultRoleId": Field(ROLE_IDS[BuiltinRole.MARKETER], ("default_role_id",), None),
            "breakGlassMemberIds": Field(_other_owner, ("single_sign_on_exceptions",), []),
        },
    ),
}
