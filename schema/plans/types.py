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
    """What a billing cycle includes and costs."""

    id: strawberry.ID = column(
        codec=global_id(Kind.PLAN),
        description="The global id. A plan in one currency has the same id everywhere.",
    )
    on_offer: bool = column(description="Whether it can be chosen. Accounts that have it keep it.")
    code: str = column(description="A code such as STARTER. Each code exists once in a currency.")
    name: str = column(description="The name for people.")
    currency: Currency = column(
        codec=enum_of(Currency),
        description="The currency of its prices, and of the trees that can choose it.",
    )
    price: MicroAmount = column(codec=AMOUNT, description="The price of a billing cycle, which is invoiced.")
    active_contacts: int = column(
        description="The number of contacts that can become active in a billing cycle."
    )
    sends: int = column(description="The number of sends that a billing cycle includes.")
    send_price: MicroAmount | None = column(
        codec=AMOUNT,
        description="The price of a send beyond those included, paid from credit; null if no more can be "
        "sent.",
    )
    subaccounts_allowed: bool = column(
        description="Whether subaccounts can be created under it. Existing subaccounts stay."
    )
    block_contacts: int = column(description="The number of contacts in a block that can be bought.")
    block_sends: int = column(description="The number of sends in such a block.")
    block_price: MicroAmount | None = column(
        codec=AMOUNT,
        description="The price of a block for a billing cycle, which is invoiced; null if none are sold.",
    )


@entity(accounts, requires=Permission.PLAN_READ)
class Subscription:
    """The plan that an account uses, and its current billing cycle. An account without its own plan uses that
    of the nearest account above. A tree that never chose a plan has the smallest one, with cycles in UTC
    counted from the day that it was created."""

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
