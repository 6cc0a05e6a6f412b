"""Plans and subscriptions."""

import datetime

import strawberry

from authz.policy.permissions import Permission
from engine.declare.codecs import enum_of, global_id
from engine.declare.declarations import column, computed, entity, to_one
from models.accounts.tables import Currency, accounts
from models.base.ids import Kind
from models.plans.tables import plans
from resolvers.plans import cycle_counts, reads
from schema.fields.amounts import AMOUNT, MicroAmount
from schema.fields.node import Node
from schema.fields.references import AccountRef


@entity(plans)
class Plan(Node):
    """What a cycle includes and costs."""

    id: strawberry.ID = column(
        codec=global_id(Kind.PLAN), description="The global id; of a plan and currency the same everywhere."
    )
    on_offer: bool = column(description="Whether it can be chosen; who has it keeps it.")
    code: str = column(description="Such as STARTER; one of each in a currency.")
    name: str = column(description="For people.")
    currency: Currency = column(
        codec=enum_of(Currency), description="Of its prices, and of the trees that may choose it."
    )
    price: MicroAmount = column(codec=AMOUNT, description="Of a cycle; it goes onto the invoice.")
    active_contacts: int = column(description="How many contacts can become active in a cycle (R91).")
    sends: int = column(description="How many sends a cycle includes (R93).")
    send_price: MicroAmount | None = column(
        codec=AMOUNT, description="Of a send beyond those, paid with credit; null: nothing is sent beyond."
    )
    subaccounts_allowed: bool = column(
        description="Whether subaccounts can be made under it (R10); those there are stay."
    )
    block_contacts: int = column(description="How many contacts one more block has (R94).")
    block_sends: int = column(description="How many sends come with a block.")
    block_price: MicroAmount | None = column(
        codec=AMOUNT, description="Of a block, for the cycle; it goes onto the invoice. Null: none are sold."
    )


@entity(accounts, requires=Permission.PLAN_READ)
class Subscription:
    """The plan that an account sends under, and the current billing cycle.

    An account without one of its own uses that of the nearest account above (R18). A tree that never chose
    one has the smallest plan, counted in UTC from the day that it was made."""

    account: AccountRef | None = to_one(reads.account_of)
    plan: Plan = to_one(reads.plan_of)
    next_plan: Plan | None = to_one(reads.next_plan_of)
    time_zone: str = computed(reads.time_zone_of)
    anchor_day: int = computed(reads.anchor_day_of)
    cycle_starts_at: datetime.datetime = computed(reads.cycle_starts_at_of)
    cycle_ends_at: datetime.datetime = computed(reads.cycle_ends_at_of)
    contact_limit: int = computed(reads.contact_limit_of)
    contacts_used: int = computed(cycle_counts.contacts_used_of)
    send_limit: int = computed(reads.send_limit_of)
    sends_used: int = computed(cycle_counts.sends_used_of)
