"""What becomes of what an account holds, as the payloads tell it that end it."""

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
    description="What is done with something that an account holds.",
    directives=[Public()],
)
class SettlementEffect:
    kind: EffectKind = strawberry.field(description="What is done.")
    count: int = strawberry.field(description="With how many of them.")
    amount: MicroAmount | None = strawberry.field(
        description="How much it is; null where it is about no amount, and for who may not see it: credit "
        "needs CREDIT_READ, a plan's price PLAN_READ."
    )
    to_account_id: strawberry.ID | None = strawberry.field(
        description="The account that gets the credit; null where nobody does, and outside your reach."
    )


@strawberry.type
class SettlementPayload(AccessPayload):
    """Of a mutation that ends something that an account holds."""

    effects: list[SettlementEffect] | None = strawberry.field(
        default=None,
        description="What became of what the account held; of a dry run: what would. Null: it was refused.",
    )
    dry_runs_tell: ClassVar[tuple[str, ...]] = ("effects",)


def told_effects(found: Sequence[settlements.SettlementEffect]) -> list[SettlementEffect]:
    """As the field tells them."""
    return [_told(effect) for effect in found]


def _told(effect: settlements.SettlementEffect) -> SettlementEffect:
    to_account_id = effect.to_account_id
    return SettlementEffect(
        kind=effect.kind,
        count=effect.count,
        amount=None if effect.amount is None else MicroAmount(effect.amount),
        to_account_id=None if to_account_id is None else strawberry.ID(present(Kind.ACCOUNT, to_account_id)),
    )
