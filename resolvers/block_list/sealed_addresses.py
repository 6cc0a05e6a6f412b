"""The address of a block entry, sealed and opened.

An entry that was made by its hash has only that. For others the hash follows from the address, so that a
partner can compare both with its own.
"""

import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from models.accounts.trees import Place, columns_of
from resolvers.block_list.sealed_columns import ADDRESS, HASH
from resolvers.inputs.addresses import Address
from resolvers.sealing.keyring import Keyring, NotOpenedError, Sealed


@dataclass(frozen=True)
class SealedAddress:
    """What an entry stores: one of both."""

    address: Sealed | None
    hash: Sealed | None


@dataclass(frozen=True)
class OpenedAddress:
    """What an entry shows. Both are None once the contact was erased."""

    address: str | None = None
    hash: str | None = None


def seal_address(keyring: Keyring, account: Place, id: uuid.UUID, address: Address) -> SealedAddress:
    """What is stored of the address in the account's entry with this id. What was given is kept with its
    canonical form, of which the hash is made."""
    row = {**columns_of(account), "id": id}
    if address.original is None or address.canonical is None:
        return SealedAddress(None, keyring.seal(HASH.place(row), address.hashed))
    text = f"{address.original}{_BETWEEN}{address.canonical}"
    return SealedAddress(keyring.seal(ADDRESS.place(row), text.encode()), None)


def open_address(keyring: Keyring, row: Mapping[str, Any]) -> OpenedAddress:
    """What the row of an entry shows. An address that no secret of the deployment opens is not shown."""
    try:
        if row["sealed_hash"] is not None:
            return OpenedAddress(hash=keyring.open(HASH.place(row), row["sealed_hash"]).hex())
        if row["sealed_address"] is None:
            return OpenedAddress()
        text = keyring.open(ADDRESS.place(row), row["sealed_address"]).decode()
    except NotOpenedError:
        return OpenedAddress()
    original, _, canonical = text.partition(_BETWEEN)
    return OpenedAddress(original, hashlib.sha256(canonical.encode()).hexdigest())


_BETWEEN = "\n"
"""It stands in no address."""
