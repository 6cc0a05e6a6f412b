"""Subscriptions: what clients are told of without asking again."""

from schema.fields.contribution import Contribution
from schema.live.subscriptions import LiveSubscription

CONTRIBUTION = Contribution(subscriptions=(LiveSubscription,))
