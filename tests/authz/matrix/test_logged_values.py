"""T38, R22-R24: the values that the log holds belong to the area that was changed, as does the reason."""

from dataclasses import dataclass
from typing import Any

import pytest

from authz.policy.builtin_roles import BuiltinRole
from authz.policy.permissions import Area, Permission, mask_of
from resolvers.effects.event_types import EventType
from tests.authz.cases.expectations import EVERYTHING, named
from tests.authz.escalation.outcomes import DONE, mutate, outcome
from tests.client.api import Api, Caller
from tests.equality.drawn import rows
from tests.world.shares import Given, give_share
from tests.world.world import Account, Member, World

NEEDED = {
    "SUBACCOUNTS_READ": "SUBACCOUNTS_REQUESTED SUBACCOUNTS_DECLINED SUBACCOUNTS_WITHDRAWN",
    "MEMBERS_READ": """
        MEMBER_INVITED MEMBER_JOINED MEMBER_UPDATED MEMBER_REMOVED MEMBER_LEFT INVITATION_REVOKED
        INVITATION_DECLINED OWNERSHIP_OFFERED OWNERSHIP_TRANSFERRED OWNERSHIP_DECLINED OWNERSHIP_WITHDRAWN
        SHARE_CREATED SHARE_ACCEPTED SHARE_UPDATED SHARE_REVOKED SHARE_LEFT SHARE_DECLINED
        SECOND_FACTOR_RESET_APPROVED
        PROMISE_MADE PROMISE_ENDED PROMISE_EXCEPTED ACCESS_REVIEW_STARTED ACCESS_REVIEW_CANCELED
        SCIM_GROUP_ROLE_SET SCIM_OWNER_KEPT SCIM_CHANGE_LEFT
        SCIM_USER_CREATED SCIM_USER_UPDATED SCIM_USER_DELETED SCIM_GROUP_CREATED SCIM_GROUP_UPDATED
        SCIM_GROUP_DELETED SINGLE_SIGN_ON_CHANGE_LEFT
        """,
    "MEMBERS_READ API_KEYS_READ": """
        API_KEY_ADOPTED ACCESS_EXPIRING ACCESS_EXPIRED ACCESS_CONFIRMED TOKEN_NARROWED TOKEN_REVOKED
        """,
    "API_KEYS_READ": "API_KEY_CREATED API_KEY_ROTATED API_KEY_REVOKED API_KEY_UPDATED",
    "ROLES_READ": "ROLE_CREATED ROLE_UPDATED ROLE_DELETED",
    "CREDIT_READ": """
        CREDIT_BUDGET_CHANGED CREDIT_TRANSFERRED CREDIT_TOPPED_UP CREDIT_TOP_UP_DECLINED CREDIT_MODE_CHANGED
        CREDIT_SETTLED CREDIT_FORFEITED PAYMENT_METHOD_ADDED PAYMENT_METHOD_REMOVED TOP_UP_RULE_UPDATED
        TOP_UP_RULE_PAUSED TOP_UP_RULE_REMOVED
        """,
    "INVOICES_READ": "BILLING_MODE_CHANGED BILLING_DETAILS_UPDATED INVOICE_ISSUED INVOICE_CREDITED",
    "PLAN_READ": "PLAN_CHANGED PLAN_CHANGE_WITHDRAWN LIMIT_INCREASED SEND_BUDGET_CHANGED",
    "CONTACTS_READ": """
        UNSUBSCRIBES_REPORTED CONTACT_RESUBSCRIBED BOUNCES_REPORTED CONTACTS_CHANGED CONTACTS_IMPORTED
        CONTACT_IMPORT_CANCELLED CONTACT_UPDATED CONTACT_ERASED CONTACT_LIST_CREATED CONTACT_LIST_UPDATED
        CONTACT_LIST_DELETED CONTACT_ATTRIBUTE_CREATED CONTACT_ATTRIBUTE_DELETED
        """,
    "TEMPLATES_READ": "TEMPLATE_CREATED TEMPLATE_UPDATED TEMPLATE_DELETED",
    "BLOCK_LIST_READ": "BLOCK_LIST_ADDED BLOCK_LIST_REMOVED",
    "CAMPAIGNS_SEND TRANSACTIONAL_SEND": """
        SEND_RESERVED SEND_COMMITTED SEND_VOIDED RECIPIENTS_UPLOADED ATTACHMENT_UPLOADED
        """,
    "CAMPAIGNS_READ TRANSACTIONAL_READ": "MESSAGES_SENT MESSAGE_CANCELED MESSAGE_EVENTS_REPORTED",
    "STATISTICS_READ": "SENDING_PAUSED SENDING_RESUMED REPUTATION_CHANGED ORDERS_REPORTED",
    "CAMPAIGNS_READ": """
        CAMPAIGN_CREATED CAMPAIGN_UPDATED CAMPAIGN_DELETED CAMPAIGN_SUBMITTED CAMPAIGN_APPROVED
        CAMPAIGN_SCHEDULED CAMPAIGN_STARTED CAMPAIGN_PAUSED CAMPAIGN_RESUMED CAMPAIGN_CANCELED
        CAMPAIGN_FAILED CAMPAIGN_SENT
        """,
    "DOMAINS_READ": """
        DOMAIN_ADDED DOMAIN_VERIFIED DOMAIN_BROKEN DOMAIN_RECOVERED DOMAIN_REMOVED DOMAIN_KEY_ADDED
        DOMAIN_KEY_REPLACED
        """,
    "WEBHOOKS_READ": """
        WEBHOOK_CREATED WEBHOOK_UPDATED WEBHOOK_DELETED WEBHOOK_SECRET_ROTATED WEBHOOK_REPLAYED WEBHOOK_PAUSED
        WEBHOOK_RESUMED WEBHOOK_REPLAY_CANCELED WEBHOOK_DELIVERY_RETRIED WEBHOOK_DELIVERY_FAILED
        """,
    "SETTINGS_READ": """
        SETTINGS_UPDATED SETTINGS_COPIED REVIEW_CHECKED REVIEW_APPROVED REVIEW_DECLINED REVIEW_REVOKED
        REVIEW_WITHDRAWN SESSION_LIMITS_UPDATED SECOND_FACTOR_RULE_UPDATED
        SINGLE_SIGN_ON_UPDATED SINGLE_SIGN_ON_REMOVED
        """,
    "SETTINGS_READ CONTACTS_READ": "REVIEW_REQUESTED",
    "SETTINGS_READ MEMBERS_READ": "OVERRIDE_REQUESTED OVERRIDE_STARTED OVERRIDE_ENDED",
    "": """
        ACCOUNT_CREATED ACCOUNT_UPDATED ACCOUNT_SUSPENDED ACCOUNT_RESUMED ACCOUNT_CLOSED ACCOUNT_REOPENED
        PARENT_ACCESS_UPDATED PARENT_ACCESS_REQUESTED PARENT_ACCESS_DECLINED PARENT_ACCESS_WITHDRAWN
        BREAK_GLASS_OPENED
        BREAK_GLASS_ENDED
        """,
}
"""By what they need besides AUDIT_READ: the types. Written by hand from the manual."""

BY_TYPE = {kind: frozenset(needs.split()) for needs, kinds in NEEDED.items() for kind in kinds.split()}

_FIELDS = "id type createdAt actorName subjectId before after reason"
_LOG = f"query ($id: ID!) {{ account(id: $id) {{ events(first: 200) {{ nodes {{ {_FIELDS} }} }} }} }}"
_NODES = f"query ($ids: [ID!]!) {{ nodes(ids: $ids) {{ ... on Event {{ {_FIELDS} }} }} }}"
_VALUES = ("before", "after", "reason")
_HIDDEN = dict.fromkeys(_VALUES)


@dataclass(frozen=True)
class Logged:
    """An account whose log has an event of each type, and its owner."""

    account: Account
    owner: Member


@pytest.fixture(scope="module")
async def logged(registry: World) -> Logged:
    account = await registry.account(await registry.account())
    owner = await registry.member(account, BuiltinRole.OWNER)
    for each in EventType:
        told: dict[str, Any] = {"before": {"name": "old"}, "after": {"name": "new"}, "reason": "Ticket 7"}
        await rows.event(registry, account, each, owner.person, account, **told)
    return Logged(account, owner)


def test_no_type_is_left_out() -> None:
    assert sorted(BY_TYPE) == sorted(each.name for each in EventType)
    assert sum(len(kinds.split()) for kinds in NEEDED.values()) == len(BY_TYPE)


async def test_the_owner_sees_all(api: Api, logged: Logged) -> None:
    seen = await _seen(api, logged.owner, logged)
    assert all(event["after"] == {"name": "new"} for event in seen.values())
    assert all(event["reason"] == "Ticket 7" for event in seen.values())


@pytest.mark.parametrize("area", [area for area in Area if area not in (Area.ACCOUNT, Area.AUDIT)])
async def test_a_guest_sees_none_of_a_hidden_area(
    area: Area, api: Api, registry: World, logged: Logged
) -> None:
    """By the list and by `nodes`: the event stays, with what happened, when and by whom."""
    guest = await registry.person()
    given = Given(BuiltinRole.ADMINISTRATOR, hidden=[area])
    await give_share(registry, [logged.account], guest, logged.owner.person, given)
    hidden = {name for name in EVERYTHING if Permission[name].area is area}
    await _check(api, guest, logged, EVERYTHING - hidden)


@pytest.mark.parametrize("more", ["", *(needs for needs in NEEDED if " " not in needs)])
async def test_a_key_sees_what_its_permissions_are_about(
    more: str, api: Api, registry: World, logged: Logged
) -> None:
    held = named(f"ACCOUNT_READ AUDIT_READ {more}")
    scopes = mask_of(frozenset(Permission[name] for name in held))
    await _check(api, await registry.api_key(logged.account, scopes=scopes), logged, held)


async def test_two_fields_of_an_account_are_settings(api: Api, registry: World) -> None:
    """The name and the external id are not."""
    account = await registry.account()
    owner = await registry.member(account, BuiltinRole.OWNER)
    scopes = mask_of(frozenset({Permission.ACCOUNT_READ, Permission.AUDIT_READ}))
    reader = await registry.api_key(account, scopes=scopes)
    changes = {"name": "New"}, {"rightsInheritance": "ALL_ROLES"}, {"apiKeyCreation": "MASTER_ONLY"}
    for version, change in enumerate(changes, 1):
        values = {"accountId": account.id, "expectedVersion": version, **change}
        assert outcome(await mutate(api, "accountUpdate", owner, values), "accountUpdate") == DONE
    query = "query ($id: ID!) { account(id: $id) { events { nodes { before after } } } }"
    by_caller = {
        name: (await api.read(query, caller, id=account.id))["account"]["events"]["nodes"]
        for name, caller in (("owner", owner), ("reader", reader))
    }
    assert [sorted(event["after"]) for event in by_caller["owner"]] == [
        ["api_key_creation"],
        ["rights_inheritance"],
        ["name"],
    ]
    hidden = {"before": None, "after": None}
    assert by_caller["reader"] == [hidden, hidden, by_caller["owner"][2]]


async def test_rights_below_count_in_the_account_of_the_event(api: Api, registry: World) -> None:
    """Who reads the log of two accounts sees the values of each by what is held there."""
    parent = await registry.account()
    account = await registry.account(parent)
    role = await registry.role(parent, "ACCOUNT_READ AUDIT_READ CONTACTS_READ", "ACCOUNT_READ AUDIT_READ")
    reader = await registry.member(parent, role)
    event = {
        place.id: await rows.event(
            registry, place, EventType.CONTACT_LIST_CREATED, reader.person, after={"name": "VIP"}
        )
        for place in (parent, account)
    }
    query = "query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Event { after } } }"
    nodes = await api.read(query, reader, ids=[event[parent.id], event[account.id]])
    assert nodes["nodes"] == [{"after": {"name": "VIP"}}, {"after": None}]


async def _check(api: Api, caller: Caller, logged: Logged, held: frozenset[str]) -> None:
    by_owner, by_caller = await _seen(api, logged.owner, logged), await _seen(api, caller, logged)
    assert by_caller == {
        kind: event if BY_TYPE[kind] <= held else event | _HIDDEN for kind, event in by_owner.items()
    }


async def _seen(api: Api, caller: Caller, logged: Logged) -> dict[str, dict[str, Any]]:
    """The events by their types, the same in the list and as nodes."""
    log = (await api.read(_LOG, caller, id=logged.account.id))["account"]["events"]["nodes"]
    nodes = [
        node
        for part in (log[:100], log[100:])
        for node in (await api.read(_NODES, caller, ids=[event["id"] for event in part]))["nodes"]
    ]
    assert nodes == log
    return {event["type"]: event for event in log}
