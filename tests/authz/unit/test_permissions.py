"""The permissions' numbers, their grammar, and masks of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authz.policy.permissions import (
    ALL_PERMISSIONS,
    READ_PERMISSIONS,
    Area,
    Permission,
    mask_of,
    permissions_in,
)

NUMBERED = """
    ACCOUNT_READ ACCOUNT_WRITE ACCOUNT_SUSPEND ACCOUNT_CLOSE ACCOUNT_TRANSFER SUBACCOUNTS_READ
    SUBACCOUNTS_WRITE MEMBERS_READ MEMBERS_WRITE ROLES_READ ROLES_WRITE API_KEYS_READ API_KEYS_WRITE
    CREDIT_READ CREDIT_WRITE CREDIT_TRANSFER INVOICES_READ INVOICES_WRITE PLAN_READ PLAN_WRITE CONTACTS_READ
    CONTACTS_WRITE BLOCK_LIST_READ BLOCK_LIST_WRITE CAMPAIGNS_READ CAMPAIGNS_WRITE CAMPAIGNS_SEND
    TRANSACTIONAL_READ TRANSACTIONAL_WRITE TRANSACTIONAL_SEND TEMPLATES_READ TEMPLATES_WRITE DOMAINS_READ
    DOMAINS_WRITE STATISTICS_READ SETTINGS_READ SETTINGS_WRITE AUDIT_READ WEBHOOKS_READ WEBHOOKS_WRITE
"""
"""By number, from 0. Stored in masks, so this list only ever grows at its end."""

BY_NUMBER = NUMBERED.split()
ACTIONS = {"READ", "WRITE", "SEND", "TRANSFER", "SUSPEND", "CLOSE"}

masks = st.sets(st.sampled_from(list(Permission)))


def test_numbers_are_never_changed() -> None:
    """A number that moved would give everybody another right in every stored mask."""
    assert {permission.name: permission.value for permission in Permission} == {
        name: number for number, name in enumerate(BY_NUMBER)
    }


def test_masks_fit_the_column() -> None:
    """BIGINT is signed: its highest bit is no permission."""
    assert max(permission.value for permission in Permission) < 63


@pytest.mark.parametrize("permission", list(Permission), ids=lambda permission: permission.name)
def test_a_name_is_an_area_and_an_action(permission: Permission) -> None:
    """Areas have underscores of their own, as in API_KEYS and BLOCK_LIST."""
    assert f"{permission.area.value}_{permission.action}" == permission.name
    assert permission.action in ACTIONS


def test_every_area_can_be_read() -> None:
    """An area is a page: what cannot be shown cannot be hidden (R22)."""
    assert {permission.area for permission in Permission if permission.action == "READ"} == set(Area)


def test_reading_is_what_a_suspended_account_leaves() -> None:
    """T7: whatever ends in READ, and nothing else."""
    assert {permission.name for permission in permissions_in(READ_PERMISSIONS)} == {
        name for name in BY_NUMBER if name.endswith("_READ")
    }
    assert permissions_in(ALL_PERMISSIONS) == list(Permission)


@given(masks)
def test_a_mask_is_its_permissions(permissions: set[Permission]) -> None:
    """Nothing is lost either way, and the order is that of the numbers."""
    mask = mask_of(permissions)
    assert permissions_in(mask) == sorted(permissions, key=lambda permission: permission.value)
    for permission in Permission:
        assert permission.in_row({"mask": mask}) == (permission in permissions)
