"""What is stored of domains encrypted."""

from models.domains.tables import domain_keys
from resolvers.sealing.places import SealedColumn

PRIVATE_KEY = SealedColumn(domain_keys, "private_key")

NEXT_PRIVATE_KEY = SealedColumn(domain_keys, "next_private_key")

SEALED_COLUMNS = (PRIVATE_KEY, NEXT_PRIVATE_KEY)
