"""What is sealed of block entries: the addresses themselves."""

from models.block_list.tables import block_entries
from resolvers.sealing.places import SealedColumn

ADDRESS = SealedColumn(block_entries, "sealed_address")
HASH = SealedColumn(block_entries, "sealed_hash")

SEALED_COLUMNS = (ADDRESS, HASH)
