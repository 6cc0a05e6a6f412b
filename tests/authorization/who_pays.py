"""Who pays by each mutation, and whose consent it needs beside that of the account itself: a table by hand.

`docs/decisions/0024-who-decides-pays.md` says why.
"""

from dataclasses import dataclass

from resolvers.payers import Payer

POOL, BILLED, CAPPING = Payer.POOL, Payer.BILLED, Payer.CAPPING


@dataclass(frozen=True)
class Pays:
    """Who pays, or whose limit it is, in words; the payers that are asked, and with which permission."""

    who: str
    asked: frozenset[Payer] = frozenset()
    permission: str = ""


_NOBODY = Pays("nobody")
_ITSELF = Pays("the account, by its own payment method")
_POOL_AGREED = Pays("the pool, which agreed by the credit mode, within the caps that it set")

WHO_PAYS: dict[str, Pays] = {
    **dict.fromkeys(("signUp", "signIn", "signOut", "passwordChange"), _NOBODY),
    **dict.fromkeys(("subaccountCreate", "accountUpdate"), _NOBODY),
    "accountClose": Pays(
        "the account, whose credit goes to the pool; a master account says how much it loses"
    ),
    # A plan that pauses was agreed to, and goes on.
    **dict.fromkeys(("accountSuspend", "accountResume"), _NOBODY),
    **dict.fromkeys(("memberInvite", "invitationRevoke", "invitationAccept"), _NOBODY),
    **dict.fromkeys(("memberUpdate", "memberRemove", "memberLeave", "ownershipTransfer"), _NOBODY),
    **dict.fromkeys(("shareCreate", "shareUpdate", "shareRevoke", "shareAccept", "shareLeave"), _NOBODY),
    **dict.fromkeys(("apiKeyCreate", "apiKeyUpdate", "apiKeyAdopt"), _NOBODY),
    **dict.fromkeys(("apiKeyRevoke", "apiKeyRotate"), _NOBODY),
    **dict.fromkeys(("roleCreate", "roleUpdate", "roleDelete"), _NOBODY),
    **dict.fromkeys(("parentAccessUpdate", "parentAccessAnswer", "parentAccessWithdraw"), _NOBODY),
    **dict.fromkeys(("breakGlassOpen", "breakGlassEnd"), _NOBODY),
    **dict.fromkeys(
        ("subaccountsRequest", "subaccountsRequestWithdraw", "subaccountsRequestDecline"), _NOBODY
    ),
    **dict.fromkeys(("overrideCreate", "overrideApprove", "overrideEnd"), _NOBODY),
    "creditTransfer": Pays("the one that gives, which is asked as the one that takes is"),
    "creditModeUpdate": Pays(
        "the account, or the pool above, for all that is sent from then on",
        frozenset({Payer.POOL_ABOVE}),
        "CREDIT_TRANSFER",
    ),
    **dict.fromkeys(("paymentMethodAdd", "paymentMethodRemove", "creditTopUp"), _ITSELF),
    **dict.fromkeys(("topUpRuleUpdate", "topUpRuleRemove"), _ITSELF),
    "planChange": Pays(
        "the billed account the plan, the pool what is beyond; a cap above may be passed by",
        frozenset({POOL, BILLED, CAPPING}),
        "PLAN_WRITE",
    ),
    "planChangeWithdraw": Pays("as for the plan that then stays", frozenset({POOL, BILLED}), "PLAN_WRITE"),
    "limitIncrease": Pays("the billed account", frozenset({POOL, BILLED}), "PLAN_WRITE"),
    **dict.fromkeys(("sendReserve", "sendCommit"), _POOL_AGREED),
    "sendVoid": _NOBODY,
    "sendBudgetUpdate": Pays("the account above, by its plan", frozenset({Payer.PARENT}), "PLAN_WRITE"),
    "creditBudgetUpdate": Pays(
        "the account above, by its credit", frozenset({Payer.PARENT}), "CREDIT_TRANSFER"
    ),
    "billingModeUpdate": Pays(
        "the account, or the one above that is billed, for all that is booked or waits",
        frozenset({Payer.BILLED_ABOVE}),
        "INVOICES_WRITE",
    ),
    "billingDetailsUpdate": _NOBODY,
}

REFUSALS = {
    Payer.POOL: "POOL_ACCOUNT_REQUIRED",
    Payer.POOL_ABOVE: "POOL_ACCOUNT_REQUIRED",
    Payer.BILLED: "BILLED_ACCOUNT_REQUIRED",
    Payer.BILLED_ABOVE: "BILLED_ACCOUNT_REQUIRED",
    Payer.PARENT: "PARENT_ACCOUNT_REQUIRED",
    Payer.CAPPING: "PARENT_ACCOUNT_REQUIRED",
}
"""How each of them is missed."""
