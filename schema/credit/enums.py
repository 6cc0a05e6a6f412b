"""Enums of the area, as GraphQL shows them."""

from models.accounts.tables import CreditMode
from models.credit.tables import BalanceKind, LedgerTransactionKind
from resolvers.credit.settlement import EffectKind, ObstacleKind
from schema.fields.enum_publishing import EnumDescription

ENUMS = (
    EnumDescription(
        BalanceKind,
        {
            "CREDIT": "To be spent.",
            "RESERVED": "Set aside for sends that are under way.",
            "OUTSIDE": "What came from outside the platform, below zero: the other side of top-ups.",
        },
    ),
    EnumDescription(
        CreditMode,
        {
            "SHARED_POOL": "The credit of the nearest account above with a balance of its own (R19, R28).",
            "OWN_BALANCE": "Its own: what was transferred to it or topped up (R43, R44).",
        },
    ),
    EnumDescription(
        LedgerTransactionKind,
        {
            "TRANSFER": "Credit was handed down the tree, or back (R43).",
            "TOP_UP": "Credit was bought (R44).",
            "SETTLEMENT": "An account began to draw from a pool, or was closed: what it had left went to the "
            "pool (T18).",
            "SEND": "Sends beyond the plan: credit was reserved, spent or given back.",
            "FORFEITURE": "A master account was closed: what it had left was given up.",
        },
    ),
    EnumDescription(
        EffectKind,
        {
            "CREDIT_SETTLED": "The credit that is left goes to the pool above.",
            "CREDIT_FORFEITED": "The credit that is left is given up.",
            "SENDS_VOIDED": "Reservations of sends that were not committed are voided.",
            "TOP_UP_RULE_ENDED": "No top-up begins by itself any more.",
            "PAYMENT_METHODS_REMOVED": "Nothing more is paid with them.",
            "PLAN_WITHDRAWN": "A plan that waited for its beginning is withdrawn.",
            "PLAN_CHARGED": "The running billing cycle is charged at its end, like any other.",
            "SEND_BUDGET_ENDED": "Its budget of sends ends; what was kept for it is free again.",
            "CREDIT_BUDGET_ENDED": "Its budget of credit ends; what was kept for it is free again.",
            "INVITATIONS_REVOKED": "Invitations that nobody has accepted are withdrawn.",
            "OWNERSHIP_OFFER_WITHDRAWN": "Ownership that was offered and not accepted is taken back.",
            "PARENT_ACCESS_REQUEST_ENDED": "What one side of the link to the parent asked for is dropped.",
            "SUBACCOUNTS_REQUEST_WITHDRAWN": "Platform support is not asked for subaccounts any more.",
        },
        name="SettlementEffectKind",
    ),
    EnumDescription(
        ObstacleKind,
        {
            "CREDIT_LEFT": "A master account's credit: spend it, or give it up by `forfeitCredit`.",
            "CREDIT_RESERVED": "Credit is set aside for sends: commit or void them, or let them expire.",
            "TOP_UP_PENDING": "The payment provider has not answered yet: credit may still come in.",
        },
        name="SettlementObstacleKind",
    ),
)
