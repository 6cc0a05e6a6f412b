"""What is stored of webhooks encrypted."""

from models.webhooks.tables import webhooks
from resolvers.sealing.places import SealedColumn

SECRET = SealedColumn(webhooks, "secret")

PREVIOUS_SECRET = SealedColumn(webhooks, "previous_secret")

SEALED_COLUMNS = (SECRET, PREVIOUS_SECRET)
