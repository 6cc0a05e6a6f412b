"""Webhooks, and what is delivered to them."""

from engine.declare.declarations import LookUp
from models.base.ids import Kind
from resolvers.webhooks import reads
from schema.fields.contribution import Contribution
from schema.webhooks.enums import ENUMS
from schema.webhooks.mutations import WebhookMutation
from schema.webhooks.types import Webhook, WebhookDelivery

CONTRIBUTION = Contribution(
    mutations=(WebhookMutation,),
    look_ups={
        Kind.WEBHOOK: LookUp(Webhook, reads.by_id),
        Kind.WEBHOOK_DELIVERY: LookUp(WebhookDelivery, reads.delivery_by_id),
    },
    enums=ENUMS,
)
