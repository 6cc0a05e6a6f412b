"""What names an entry of a block list in an input."""

from models.base.ids import IdInAccount
from resolvers.block_list.entry_ids import looks_like_entry, parse_entry
from resolvers.inputs.address_digests import KeySource
from resolvers.inputs.addresses import Address, AddressFault
from schema.fields.addresses import read_given


async def read_named(
    key: KeySource, texts: list[str], country: str | None
) -> list[Address | IdInAccount | AddressFault]:
    """The addresses, hashes and ids. Raises what `read_given` raises."""
    read = await read_given(key, texts, country, "entries")
    return [parse_entry(text) or _without_id(text, each) for text, each in zip(texts, read, strict=True)]


def _without_id(text: str, read: Address | AddressFault) -> Address | AddressFault:
    """What the text is, if it is no id. One that looks like an id is told so."""
    if isinstance(read, AddressFault) and looks_like_entry(text):
        return AddressFault(message="Not the id of an entry: it is not whole, or has been changed.")
    return read
