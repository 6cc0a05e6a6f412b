"""Every mutation with an input that works, in an account that has one of everything."""

from models.areas import modules_of_areas
from models.base.ids import Kind, new_id, present, present_in_account
from tests.authz.matrix.matrix_fields import STAFF_MUTATIONS
from tests.bad_input.place import Place
from tests.bad_input.values import Input
from tests.world.oracles import told_by_areas

_INPUTS = [
    vars(area)["inputs"] for area in modules_of_areas("tests.areas.{area}.oracle") if "inputs" in vars(area)
]


def inputs(place: Place) -> dict[str, Input]:
    """What works, with a value for every field, for each mutation that has an input."""
    return {name: values for of_area in _INPUTS for name, values in of_area(place).items()}


FOR_ALL_ACCOUNTS = STAFF_MUTATIONS
"""Their callers are platform staff, for whom no account is foreign."""
NOT_IN_SELF_SERVICE = {"subaccountsRequest"}
"""Where subaccounts are self-service, nothing is to be asked for: tests/areas/staff has its story."""

ID_FIELDS: dict[str, Kind] = told_by_areas("ID_FIELDS")
"""The fields of inputs that name something, and what."""

NAMING_THE_ACCOUNT = {
    Kind.CONTACT,
    Kind.CONTACT_LIST,
    Kind.TEMPLATE,
    Kind.MARKETING_MESSAGE,
    Kind.TRANSACTIONAL_MESSAGE,
    Kind.ATTACHMENT,
}
"""The kinds of what is in the data plane: their ids also name the account."""


def unknown_id(kind: Kind) -> str:
    """An id that nothing has."""
    if kind in NAMING_THE_ACCOUNT:
        return present_in_account(kind, new_id(), new_id())
    return present(kind, new_id())
