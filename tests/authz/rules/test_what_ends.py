"""Nothing is given, made or taken by a right that ends which would outlive it (N3, N19): all mutations, all
kinds of such rights."""

import datetime

import pytest
from sqlalchemy import select, update
from starlette.applications import Starlette

from authz.policy.builtin_roles import BuiltinRole
from authz.policy.permissions import GIVES_ACCESS
from models.accounts.tables import ParentAccess, accounts
from models.api_keys.tables import api_keys
from models.base.ids import Kind, present
from models.members.tables import memberships
from tests.authz.cases.moments import NEXT_MONTH, offer
from tests.authz.escalation.outcomes import DONE, mutate, outcome
from tests.authz.matrix.matrix_callers import Stage, once
from tests.authz.matrix.matrix_fields import MUTATIONS
from tests.by_day import one_in
from tests.client.api import Api
from tests.client.links import break_glass, set_parent_access
from tests.client.places import new_place
from tests.world.shares import Given, give_share
from tests.world.world import Person, World

GLASS = "parent_administrator"
ACTORS = ("guest_administrator", "temporary_administrator", "expiring_key", GLASS)
"""A guest, a temporary member, a key that expires, and a person by broken glass."""

FROM_ABOVE = {"parentAccessUpdate", "parentAccessAnswer"}
"""For what the last one needs no glass to be broken."""

OWN = {"signUp", "signIn", "signOut", "passwordChange", "memberLeave", "shareLeave"}
OWN |= {"userUpdate", "userDelete", "emailChange", "sessionRevoke", "sessionRevokeOthers"}
OWN |= {"totpStart", "totpConfirm", "totpDisable", "recoveryCodesRenew", "secondFactorResetWithdraw"}
OWN |= {"passkeyStart", "passkeyAdd", "passkeyRemove", "passkeySignInStart", "passkeySignIn"}
OWN |= {"signInConfirm", "secondFactorResetRequest"}
OWN |= {"invitationDecline", "shareDecline", "ownershipAccept", "ownershipDecline"}
"""What concerns the caller alone, or anybody."""

OF_SETTINGS = {"settingsUpdate", "settingsCopy", "reviewRequest", "sendingSourcePause", "sendingSourceResume"}
"""Their permission decides about access by other mutations; what they write gives none."""

MONEY = {
    "billing_details",
    "billing_mode_choices",
    "budgets",
    "credit_counts",
    "ledger_balances",
    "ledger_entries",
    "ledger_transactions",
    "ledgers",
    "limit_increases",
    "payment_methods",
    "plan_choices",
    "subscriptions",
    "top_up_rules",
    "top_ups",
}
SENDS = {
    "active_contacts",
    "contact_claims",
    "send_counts",
    "send_cycles",
    "send_labels",
    "send_reservations",
}
CONTACTS = {
    "contact_attributes",
    "contact_import_errors",
    "contact_import_parts",
    "contact_jobs",
    "contact_list_members",
    "contact_lists",
    "contacts",
}
TEMPLATES = {"templates", "template_versions"}
MESSAGES = {
    "messages",
    "message_bodies",
    "message_keys",
    "message_attachments",
    "attachments",
    "message_events",
    "order_keys",
    "delivery_queues",
}
STATISTICS = {
    "statistic_deltas",
    "statistics",
    "subtree_statistics",
    "recipient_statistics",
    "statistics_due",
}
CAMPAIGNS = {"campaigns"}
NOT_SENT_TO = {"block_entries", "unsubscribes", "bounces"}
STATUS = {"accounts", "account_status_changes"}
SETTINGS = {"field_functions", "settings"}
DOMAINS = {"domain_keys", "domain_records", "domains"}
CONTENT = (
    MONEY
    | SENDS
    | CONTACTS
    | TEMPLATES
    | MESSAGES
    | STATISTICS
    | CAMPAIGNS
    | NOT_SENT_TO
    | STATUS
    | SETTINGS
    | DOMAINS
    | {"sending_sources"}
    | {"break_glass_openings", "events", "overrides", "reviews", "review_samples", "subaccounts_requests"}
)
"""Tables that give nobody access; of `accounts` columns do. All others do, those to come as well."""


@pytest.fixture(scope="module")
async def stage(registry: World) -> Stage:
    """One world for all of them."""
    return await Stage.of(registry)


@pytest.mark.parametrize("name", one_in(8, sorted(MUTATIONS.keys() - OWN)))
async def test_nothing_outlives_it(name: str, stage: Stage, app: Starlette) -> None:
    """All that access follows from is as it was, secrets among it."""
    mutation = MUTATIONS[name]
    async with Api.of(app, new_place()) as api:
        for actor in ACTORS[: 3 if name in FROM_ABOVE else 4]:
            values = await mutation.prepare(stage)
            if actor == GLASS:
                await set_parent_access(stage.world, stage.account, ParentAccess.BREAK_GLASS)
                await break_glass(stage.world, stage.account, stage.members[GLASS].person)
            before = await _access(stage)
            became = outcome(await mutate(api, name, stage.callers[actor], values), name)
            assert await _access(stage) == before, (actor, became)
            if became == DONE:
                gives = {permission.name for permission in GIVES_ACCESS}
                assert mutation.permission not in gives or name in OF_SETTINGS
                await mutation.restore(stage, actor)
            await stage.reopen()


SOONER = NEXT_MONTH - datetime.timedelta(days=1)
LATER = NEXT_MONTH + datetime.timedelta(days=1)


@pytest.mark.parametrize("actor", ["temporary_administrator", "expiring_key"])
async def test_what_ends_before_it_may_be_given_and_taken(actor: str, stage: Stage, api: Api) -> None:
    """And only that: neither is its end moved beyond."""
    caller, account = stage.callers[actor], stage.account
    member = await stage.world.member(account, BuiltinRole.ANALYST, expires_at=SOONER)
    key = await stage.world.api_key(account, BuiltinRole.ANALYST, expires_at=SOONER)
    analyst = present(Kind.ROLE, BuiltinRole.ANALYST.id)
    base: dict[str, dict[str, object]] = {
        "memberInvite": {"accountId": account.id, "roleId": analyst},
        "apiKeyCreate": {"accountId": account.id, "roleId": analyst, "name": "Robot"},
        "shareCreate": {"accountIds": [account.id], "areas": ["STATISTICS"]},
        "memberUpdate": {"memberId": member.id, "expectedVersion": 1, "roleId": analyst},
        "apiKeyUpdate": {"apiKeyId": key.id, "expectedVersion": 1, "name": once()},
    }
    for name, values in base.items():
        for until, code in ((None, "RIGHT_ENDS"), (LATER, "RIGHT_ENDS"), (SOONER, DONE)):
            invited = {"email": f"{once()}@example.com", "idempotencyKey": once()}
            given = values | (invited if name in ("memberInvite", "shareCreate") else {})
            given["expiresAt"] = None if until is None else until.isoformat()
            assert outcome(await mutate(api, name, caller, given), name) == code, (name, until)
    ends: dict[str, dict[str, object]] = {
        "apiKeyRotate": {"apiKeyId": key.id},
        "apiKeyRevoke": {"apiKeyId": key.id},
        "memberRemove": {"memberId": member.id},
    }
    for name, values in ends.items():
        assert outcome(await mutate(api, name, caller, values), name) == DONE, name


async def test_an_offer_of_one_whose_right_ends_since_is_not_accepted(stage: Stage, api: Api) -> None:
    """T14: the inviter, an administrator for good when she offered it, has an end now."""
    inviter = await stage.world.member(stage.account, BuiltinRole.ADMINISTRATOR)
    invited, guest = await stage.world.person(), await stage.world.person()
    _, token = await offer(
        stage.world.database, stage.account, BuiltinRole.ANALYST, invited.email, inviter.person
    )
    given = Given(BuiltinRole.ANALYST, accepted=False)
    share = await give_share(stage.world, [stage.account], guest, inviter.person, given)
    async with stage.world.database.begin() as connection:
        this = update(memberships).where(memberships.c.id == inviter.key)
        await connection.execute(this.values(expires_at=NEXT_MONTH))
    before = await _access(stage)
    assert await api.refusal("invitationAccept", invited, token=token) == "INVITATION_REVOKED"
    assert await api.refusal("shareAccept", guest, token=share.token) == "SHARE_REVOKED"
    assert await _access(stage) == before


async def test_ghosts_tell_of_what_was_given_before(stage: Stage, api: Api) -> None:
    """A key that a guest made, one that she rotated, one of a temporary member; not what ends before that."""
    guest, member = stage.callers["guest_administrator"], stage.members["temporary_administrator"].person
    assert isinstance(guest, Person)
    made: dict[str, dict[str, object]] = {
        "MAKER_RIGHT_ENDS": {"creator_user_id": guest.key},
        "ROTATOR_LOST_RIGHT": {"rotator_user_id": guest.key},
    }
    keys = {reason: await stage.key() for reason in made}
    made["fine"] = {"creator_user_id": member.key, "rotator_user_id": member.key, "expires_at": SOONER}
    keys["fine"] = await stage.key()
    async with stage.world.database.begin() as connection:
        for reason, values in made.items():
            statement = update(api_keys).where(api_keys.c.id == keys[reason].key)
            await connection.execute(statement.values(**values))
    query = "query ($id: ID!) { account(id: $id) { ghosts(first: 100) { nodes { apiKey { id } reason } } } }"

    async def reasons() -> dict[str, str]:
        nodes = (await api.read(query, stage.members["owner"], id=stage.account.id))["account"]["ghosts"]
        return {node["apiKey"]["id"]: node["reason"] for node in nodes["nodes"]}

    expected = {keys[reason].id: reason for reason in ("MAKER_RIGHT_ENDS", "ROTATOR_LOST_RIGHT")}
    assert await reasons() == expected
    rotated = keys["ROTATOR_LOST_RIGHT"]
    assert await api.refusal("apiKeyRotate", stage.members["owner"], apiKeyId=rotated.id) == ""
    assert rotated.id not in await reasons()


async def _access(stage: Stage) -> object:
    columns = (
        accounts.c.id,
        accounts.c.parent_id,
        accounts.c.rights_inheritance,
        accounts.c.api_key_creation,
        accounts.c.parent_access,
    )
    statement = select(*columns).where(accounts.c.master_id == stage.account.master).order_by(accounts.c.id)
    async with stage.world.database.connect() as connection:
        tree = (await connection.execute(statement)).all()
    stored = await stage.world.state(stage.parent, stage.elsewhere)
    assert isinstance(stored, list)
    return tree, [row for row in stored if row[0] not in CONTENT]
