"""Enums of the area, as GraphQL shows them."""

from models.accounts.tables import CreditMode
from models.credit.tables import BalanceKind, LedgerTransactionKind
from resolvers.credit.settlement import EffectKind, ObstacleKind
from schema.fields.enum_publishing import EnumDescription

ENUMS = (
    EnumDescription(
        BalanceKind,
        {
            "CREDIT": "Available to be spent.",
            "RESERVED": "Reserved for sends that are not yet committed.",
            "OUTSIDE": "The counterpart of top-ups: money that came from outside the platform, as a "
            "negative amount.",
        },
    ),
    EnumDescription(
        CreditMode,
        {
            "SHARED_POOL": "The credit of the nearest account above with its own balance.",
            "OWN_BALANCE": "Its own credit, which was transferred to it or topped up.",
        },
    ),
    EnumDescription(
        LedgerTransactionKind,
        {
            "TRANSFER": "Credit was transferred down or up the tree.",
            "TOP_UP": "Credit was bought.",
            "SETTLEMENT": "An account started to draw from a pool, or was closed: its remaining credit went "
            "to the pool.",
            "SEND": "Credit for sends beyond the plan was reserved, spent or returned.",
            "FORFEITURE": "A master account was closed: its remaining credit was given up.",
        },
    ),
    EnumDescription(
        EffectKind,
        {
            "CREDIT_SETTLED": "The remaining credit goes to the pool above.",
            "CREDIT_FORFEITED": "The remaining credit is given up.",
            "SENDS_VOIDED": "Uncommitted reservations of sends are voided.",
            "TOP_UP_RULE_ENDED": "The rule for automatic top-ups ends.",
            "PAYMENT_METHODS_REMOVED": "Payment methods are removed.",
            "DOMAINS_REMOVED": "Domains are removed. Others can verify them then.",
            "WEBHOOKS_DELETED": "Webhooks are deleted. What was not delivered is not sent any more.",
            "PLAN_WITHDRAWN": "A scheduled plan is withdrawn.",
            "PLAN_CHARGED": "The current billing cycle is charged at its end, as usual.",
            "SEND_BUDGET_ENDED": "The budget of sends ends, and its guarantee is released.",
            "CREDIT_BUDGET_ENDED": "The budget of credit ends, and its guarantee is released.",
            "INVITATIONS_REVOKED": "Open invitations are revoked.",
            "OWNERSHIP_OFFER_WITHDRAWN": "The pending offer of ownership is withdrawn.",
            "PARENT_ACCESS_REQUEST_ENDED": "The pending request to change `parentAccess` is dropped.",
            "SUBACCOUNTS_REQUEST_WITHDRAWN": "The pending request for subaccounts is withdrawn.",
            "REVIEW_WITHDRAWN": "The open review is withdrawn.",
        },
        name="SettlementEffectKind",
    ),
    EnumDescription(
        ObstacleKind,
        {
            "CREDIT_LEFT": "A master account has credit left. Spend it, or give it up with `forfeitCredit`.",
            "CREDIT_RESERVED": "Credit is reserved for sends. Commit or void them, or wait until they "
            "expire.",
            "TOP_UP_PENDING": "The payment provider has not answered yet. Credit may still arrive.",
        },
        name="SettlementObstacleKind",
    ),
)
