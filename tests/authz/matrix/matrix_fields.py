"""What every root field answers to every kind of caller: a table written by hand from the documentation."""

from authz.policy.builtin_roles import BuiltinRole
from tests.authz.cases.moments import offer
from tests.authz.escalation.outcomes import DONE
from tests.authz.matrix.matrix_accounts import ACCOUNT_MUTATIONS
from tests.authz.matrix.matrix_billing import BILLING_MUTATIONS, BILLING_QUERIES, INVOICE_READERS
from tests.authz.matrix.matrix_budgets import BUDGET_MUTATIONS
from tests.authz.matrix.matrix_callers import ANONYMOUS, INSIDE, MANAGERS, OUTSIDE, PEOPLE, PROGRAMS, Stage
from tests.authz.matrix.matrix_credit import CREDIT_MUTATIONS, CREDIT_READERS
from tests.authz.matrix.matrix_keys import KEY_MUTATIONS
from tests.authz.matrix.matrix_links import LINK_MUTATIONS
from tests.authz.matrix.matrix_members import MEMBER_MUTATIONS
from tests.authz.matrix.matrix_plans import PLAN_MUTATIONS, PLAN_READERS, STATISTICS_READERS
from tests.authz.matrix.matrix_rows import ANYBODY, Query, Values, for_anybody, table
from tests.authz.matrix.matrix_sends import SEND_MUTATIONS, SEND_QUERIES
from tests.authz.matrix.matrix_shares import SHARE_MUTATIONS, share_token
from tests.authz.matrix.matrix_staff import REQUESTS, STAFF_MUTATIONS, STAFF_QUERIES
from tests.world.world import Person

MUTATIONS = {
    **ACCOUNT_MUTATIONS,
    **MEMBER_MUTATIONS,
    **SHARE_MUTATIONS,
    **LINK_MUTATIONS,
    **CREDIT_MUTATIONS,
    **PLAN_MUTATIONS,
    **SEND_MUTATIONS,
    **BUDGET_MUTATIONS,
    **BILLING_MUTATIONS,
    **KEY_MUTATIONS,
    **STAFF_MUTATIONS,
    **REQUESTS,
}


async def _account_id(stage: Stage) -> Values:
    return {"id": stage.account.id}


async def _account_ids(stage: Stage) -> Values:
    return {"ids": [stage.account.id]}


async def _own_access(stage: Stage) -> Values:
    return {"accountId": stage.account.id, "permission": "ACCOUNT_READ"}


async def _token(stage: Stage) -> Values:
    person: Person = await stage.world.person()
    inviter = stage.members["administrator"].person
    _, token = await offer(stage.world.database, stage.account, BuiltinRole.ANALYST, person.email, inviter)
    return {"token": token}


QUERIES = {
    "viewer": Query(None, table((ANONYMOUS, "UNAUTHENTICATED"), (PEOPLE | PROGRAMS, DONE)), "{ id }"),
    "account": Query(
        "ACCOUNT_READ",
        table((ANONYMOUS, "UNAUTHENTICATED"), (OUTSIDE, "NOT_FOUND"), (INSIDE, DONE)),
        "{ id name }",
        _account_id,
    ),
    "node": Query(None, table((ANONYMOUS | OUTSIDE, "null"), (INSIDE, DONE)), "{ id }", _account_id),
    # A list of one null for those who may not, see `test_nodes_answers_as_node_does`.
    "nodes": Query(None, table((ANYBODY, DONE)), "{ id }", _account_ids),
    # The secret of the link is what lets its holder see what it offers.
    "invitation": Query(None, for_anybody(DONE), "{ accountName }", _token),
    "share": Query(None, for_anybody(DONE), "{ accountNames }", share_token),
    **STAFF_QUERIES,
    # About oneself; who may ask about others is in `tests/areas/explain`.
    "explainAccess": Query(
        "ACCOUNT_READ",
        table((ANONYMOUS, "UNAUTHENTICATED"), (OUTSIDE, "NOT_FOUND"), (INSIDE, DONE)),
        "{ decision }",
        _own_access,
    ),
    **SEND_QUERIES,
    **BILLING_QUERIES,
}

ACCOUNT_FIELDS = {
    "subaccounts": ("SUBACCOUNTS_READ", MANAGERS),
    "members": ("MEMBERS_READ", MANAGERS),
    "roles": ("ROLES_READ", MANAGERS),
    "invitations": ("MEMBERS_READ", MANAGERS),
    "ownershipOffer": ("MEMBERS_READ", MANAGERS),
    "apiKeys": ("API_KEYS_READ", MANAGERS | {"developer"}),
    "ghosts": ("API_KEYS_READ", MANAGERS | {"developer"}),
    "events": ("AUDIT_READ", MANAGERS),
    "shares": ("MEMBERS_READ", MANAGERS),
    "breakGlassOpenings": ("AUDIT_READ", MANAGERS),
    "apiKeyCreation": ("SETTINGS_READ", MANAGERS),
    "rightsInheritance": ("SETTINGS_READ", MANAGERS),
    "overrides": ("SETTINGS_READ", MANAGERS),
    "unsubscribeScope": ("SETTINGS_READ", MANAGERS),
    "sendingDomainLimit": ("SETTINGS_READ", MANAGERS),
    "fieldFunctions": ("SETTINGS_READ", MANAGERS),
    "reviewApproved": ("SETTINGS_READ", MANAGERS),
    "subaccountsRequests": ("SUBACCOUNTS_READ", MANAGERS),
    "credit": ("CREDIT_READ", CREDIT_READERS),
    "creditAt": ("CREDIT_READ", CREDIT_READERS),
    "ledgerEntries": ("CREDIT_READ", CREDIT_READERS),
    "ledgerProof": ("CREDIT_READ", CREDIT_READERS),
    "paymentMethods": ("CREDIT_READ", CREDIT_READERS),
    "topUps": ("CREDIT_READ", CREDIT_READERS),
    "topUpRule": ("CREDIT_READ", CREDIT_READERS),
    "subscription": ("PLAN_READ", PLAN_READERS),
    "plans": ("PLAN_READ", PLAN_READERS),
    "nextOwnPlan": ("PLAN_READ", PLAN_READERS),
    "sendBudget": ("PLAN_READ", PLAN_READERS),
    "creditBudget": ("CREDIT_READ", CREDIT_READERS),
    "usage": ("STATISTICS_READ", STATISTICS_READERS),
    "usageHistory": ("STATISTICS_READ", STATISTICS_READERS),
    "billingMode": ("INVOICES_READ", INVOICE_READERS),
    "invoicedAccount": ("INVOICES_READ", INVOICE_READERS),
    "billingDetails": ("INVOICES_READ", INVOICE_READERS),
    "invoices": ("INVOICES_READ", INVOICE_READERS),
    "costs": ("INVOICES_READ", INVOICE_READERS),
}
"""The fields of an account that need a permission of their own, and who has it."""
