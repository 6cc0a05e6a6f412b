"""The enums of credit, payments and sends, as GraphQL sees them."""

from models.accounts.tables import CreditMode, Currency
from models.billing.invoices import InvoiceKind
from models.billing.tables import BillingMode, Product
from models.credit.tables import BalanceKind, LedgerTransactionKind
from models.payments.tables import TopUpStatus
from models.sending.tables import ReservationStatus, SendStream
from resolvers.credit.settlement import EffectKind, ObstacleKind
from resolvers.sending.address_hash import RecipientFault
from resolvers.sending.preview import SendWarning
from resolvers.usage.reads import UsageCycle
from resolvers.usage.warnings import UsageAction, UsageWarning
from schema.fields.enum_publishing import by, publish

publish(
    BalanceKind,
    by(
        {
            "CREDIT": "To be spent.",
            "RESERVED": "Set aside for sends that are under way.",
            "OUTSIDE": "What came from outside the platform, below zero: the other side of top-ups.",
        }
    ),
)
publish(
    CreditMode,
    by(
        {
            "SHARED_POOL": "The credit of the nearest account above with a balance of its own (R19, R28).",
            "OWN_BALANCE": "Its own: what was transferred to it or topped up (R43, R44).",
        }
    ),
)
publish(
    Currency,
    by(
        {
            "EUR": "Euro.",
            "USD": "US dollar.",
            "GBP": "Pound sterling.",
            "CHF": "Swiss franc.",
            "SEK": "Swedish krona.",
            "NOK": "Norwegian krone.",
            "DKK": "Danish krone.",
            "PLN": "Polish zloty.",
            "CAD": "Canadian dollar.",
            "AUD": "Australian dollar.",
        }
    ),
)
publish(
    LedgerTransactionKind,
    by(
        {
            "TRANSFER": "Credit was handed down the tree, or back (R43).",
            "TOP_UP": "Credit was bought (R44).",
            "SETTLEMENT": "An account began to draw from a pool, or was closed: what it had left went to the "
            "pool (T18).",
            "SEND": "Sends beyond the plan: credit was reserved, spent or given back.",
            "FORFEITURE": "A master account was closed: what it had left was given up.",
        }
    ),
)
publish(
    BillingMode,
    by(
        {
            "CONSOLIDATED": "On that of the nearest account above that has invoices of its own (R27).",
            "SEPARATE": "It has its own (R55).",
        }
    ),
)
publish(
    InvoiceKind,
    by(
        {
            "INVOICE": "Asks for what is due.",
            "CREDIT_NOTE": "Takes an invoice back, all of it.",
        }
    ),
)
publish(
    Product,
    by(
        {
            "PLAN": "A cycle under a plan.",
            "CONTACT_BLOCK": "More contacts, and the sends that come with them (R94).",
            "SENDS_BEYOND": "Sends beyond the plan's, paid from credit before.",
        }
    ),
)
publish(
    RecipientFault,
    by({"MALFORMED": "No e-mail address, or no hash.", "DUPLICATE": "The same as one before it."}),
)
publish(
    EffectKind,
    by(
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
        }
    ),
    "SettlementEffectKind",
)
publish(
    ObstacleKind,
    by(
        {
            "CREDIT_LEFT": "A master account's credit: spend it, or give it up by `forfeitCredit`.",
            "CREDIT_RESERVED": "Credit is set aside for sends: commit or void them, or let them expire.",
            "TOP_UP_PENDING": "The payment provider has not answered yet: credit may still come in.",
        }
    ),
    "SettlementObstacleKind",
)
publish(
    ReservationStatus,
    by(
        {
            "RESERVED": "Waits to be committed, until it expires.",
            "COMMITTED": "It is sent; what it holds is used.",
            "VOIDED": "It was not sent; what it held was given back.",
            "EXPIRED": "It was not committed in time; what it held was given back.",
        }
    ),
)
publish(
    SendStream,
    by(
        {
            "MARKETING": "Campaigns; needs CAMPAIGNS_SEND.",
            "TRANSACTIONAL": "Single messages; needs TRANSACTIONAL_SEND.",
        }
    ),
)
publish(
    SendWarning,
    by(
        {
            "ACCOUNT_NOT_ACTIVE": "The account, or one above it, is suspended or closed.",
            "NO_RECIPIENTS": "Nobody is left to send to.",
            "CONTACT_LIMIT": "More contacts would become active than the cycle has left (R96).",
            "SEND_LIMIT": "More would be sent than the cycle has left (R95).",
            "BEYOND_PLAN": "Some sends are beyond the plan's and have a price.",
            "SEND_CAP": "More would be sent than the cap of the account, or of one above it, has left.",
            "CREDIT_CAP": "More would be spent than the cap of the account, or of one above it, has left.",
            "INSUFFICIENT_CREDIT": "There is not enough credit for sends beyond the plan's.",
        }
    ),
)
publish(
    TopUpStatus,
    by(
        {
            "PENDING": "The payment provider has not answered yet.",
            "SETTLED": "It was paid, and is in the ledger.",
            "DECLINED": "The payment provider declined.",
        }
    ),
)
publish(
    UsageAction,
    by(
        {
            "LIMIT_INCREASE": "`limitIncrease`: more contacts and sends for this cycle (R94).",
            "PLAN_CHANGE": "`planChange`: a larger plan is on offer.",
            "SEND_BUDGET_UPDATE": "`sendBudgetUpdate`: a higher cap, set from above.",
            "CREDIT_TOP_UP": "`creditTopUp`: more credit in the pool.",
        }
    ),
)
publish(
    UsageCycle,
    by({"CURRENT": "The one that runs.", "PREVIOUS": "The one before it."}),
)
publish(
    UsageWarning,
    by(
        {
            "CONTACTS_NEAR_LIMIT": "At least four fifths of the contacts are active.",
            "CONTACT_LIMIT_REACHED": "No contact more can become active; those that are can be sent to.",
            "SENDS_NEAR_LIMIT": "At least four fifths of the plan's sends are made.",
            "SEND_LIMIT_REACHED": "The plan's sends are made, and it has none beyond (R95).",
            "BEYOND_PLAN": "The plan's sends are made; each one more has a price.",
            "SEND_CAP_REACHED": "A cap of this account, or of one above it, has nothing left.",
            "CREDIT_LOW": "Credit for sends beyond the plan's will not last until the cycle ends.",
            "CREDIT_USED_UP": "Credit does not pay for one send more.",
        }
    ),
)
