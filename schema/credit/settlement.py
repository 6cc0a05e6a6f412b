"""What happens to an account's holdings when a mutation ends them, as payloads show it."""

from collections.abc import Sequence
from typing import ClassVar

import strawberry

from engine.base.marks import Public
from models.base.ids import Kind, present
from resolvers.credit import settlement as settlements
from resolvers.credit.settlement import EffectKind
from schema.fields.amounts import MicroAmount
from schema.fields.payloads import AccessPayload


@strawberry.type(
    description="What happens to something that an account holds.",
    directives=[Public()],
)
class SettlementEffect:
    kind: EffectKind = strawberry.field(description="What happens.")
    count: int = strawberry.field(description="The number of things affected.")
    amount: MicroAmount | None = strawberry.field(
        description="The amount; null if there is none, or if you may not see it: credit needs CREDIT_READ, "
        "a plan's price PLAN_READ."
    )
    to_account_id: strawberry.ID | None = strawberry.field(
        description="The account that receives the credit; null if none does, or if it is outside your reach."
    )


@strawberry.type
class SettlementPayload(AccessPayload):
    """The payload of a mutation that ends something that an account holds."""

    effects: list[SettlementEffect] | None = strawberry.field(
        default=None,
        description="What happened to what the account held, or, for a dry run, what would happen; null if "
        "refused.",
    )
    dry_runs_tell: ClassVar[tuple[str, ...]] = ("effects",)


def shown_effects(found: Sequence[settlements.SettlementEffect]) -> list[SettlementEffect]:
    """As the field tells them."""
    return [_shown(effect) for effect in found]


def _shown(effect: settlements.SettlementEffect) -> SettlementEffect:
    to_account_id = effect.to_account_id
    return SettlementEffect(
        kind=effect.kind,
        count=effect.count,
        amount=None if effect.amount is None else MicroAmount(effect.amount),
        to_account_id=None if to_account_id is None else strawberry.ID(present(Kind.ACCOUNT, to_account_id)),
    )
