"""Tables of the pages that say what the product says."""

import re

from authz.policy.builtin_roles import BuiltinRole, compiled
from authz.policy.permissions import ALL_PERMISSIONS, Area, Permission
from tests.documentation.pages import DOCS, Page
from tests.server.edge.test_cross_origin import EXPOSED
from tests.server.settings.variables import setting_variables


def test_the_table_of_rights_is_what_casbin_compiled() -> None:
    masks = compiled()
    rows = {row[0]: row[1:] for row in Page.of(DOCS / "access" / "roles.md").table("Built-in roles")}
    assert list(rows) == [role.name for role in BuiltinRole]
    for role in BuiltinRole:
        own, below, inherited = rows[role.name]
        found = masks[role]
        assert _mask(own) == found.member, role
        assert _mask(below) == found.ancestor, role
        assert (_mask(own) if inherited == "the same" else _mask(inherited)) == found.inherited, role


def _mask(cell: str) -> int:
    if cell == "nothing":
        return 0
    if cell.startswith("all"):
        excepted = cell.removeprefix("all").removeprefix(" but ")
        return ALL_PERMISSIONS & ~sum(Permission[name].bit for name in _names(excepted))
    return sum(
        permission.bit
        for permission in Permission
        if permission.name in _names(cell) or permission.area.name in _names(cell)
    )


def _names(cell: str) -> list[str]:
    names = [name.strip() for name in cell.split(",") if name.strip()]
    assert all(name in Permission.__members__ or name in Area.__members__ for name in names), names
    return names


def test_the_headers_that_other_origins_read_are_listed() -> None:
    section = Page.of(DOCS / "guide" / "signing-in.md").section("Other origins")
    listed = section.partition("with its headers")[2].partition(". There")[0]
    assert {name.lower() for name in re.findall(r"`([\w-]+)`", listed)} == EXPOSED


def test_every_setting_is_listed_with_its_default() -> None:
    table = Page.of(DOCS / "operate" / "configuration.md").table("Configuration")
    rows = {row[0].strip("`"): row[1].strip("`") for row in table}
    fields = setting_variables()
    assert set(rows) == set(fields)
    for name, field in fields.items():
        if not field.is_required() and field.default is not None:
            assert rows[name] == str(field.default), name
