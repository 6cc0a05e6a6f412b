"""What names an entry of a block list in an input."""

from models.base.ids import IdInAccount
from resolvers.block_list.entry_ids import parse_entry
from resolvers.inputs.address_digests import KeySource
from resolvers.inputs.addresses import Address, AddressFault
from schema.fields.addresses import read_given


async def read_named(
    key: KeySource, texts: list[str], country: str | None
) -> list[Address | IdInAccount | AddressFault]:
    """The addresses, hashes and ids. Raises what `read_given` raises."""
    read = await read_given(key, texts, country, "entries")
    return [parse_entry(text) or address for text, address in zip(texts, read, strict=True)]
