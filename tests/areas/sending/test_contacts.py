"""Who is the same contact (R103, T21, T24)."""

import hashlib

from resolvers.inputs.address_digests import ContactKey
from resolvers.sending.address_hash import (
    FaultyRecipient,
    RecipientFault,
    RecipientForm,
    Recipients,
    read_recipients,
)

_KEY = ContactKey(b"a key")
_SAME = (
    "Jürgen@Bücher.example",
    " jürgen@bücher.example ",
    "JÜRGEN@BÜCHER.EXAMPLE",
    "jürgen@xn--bcher-kva.example",
)


def _addresses(*texts: str) -> Recipients:
    return read_recipients(_KEY, RecipientForm.ADDRESSES, texts)


def test_one_address_however_it_is_written() -> None:
    found = _addresses(*_SAME, "ju.rgen@bücher.example")
    assert len(found.digests) == 2, "there is no merging by provider"
    assert [fault.index for fault in found.faults] == [1, 2, 3]
    assert {fault.fault for fault in found.faults} == {RecipientFault.DUPLICATE}


def test_a_hash_stands_for_its_address() -> None:
    hashed = hashlib.sha256("jürgen@xn--bcher-kva.example".encode()).hexdigest()
    found = read_recipients(_KEY, RecipientForm.HASHES, [hashed, hashed[:-1], hashed.upper(), "", hashed])
    assert found.digests == _addresses(_SAME[0]).digests
    malformed = [FaultyRecipient(index, RecipientFault.MALFORMED) for index in (1, 2, 3)]
    assert found.faults == [*malformed, FaultyRecipient(4, RecipientFault.DUPLICATE)]


def test_what_is_kept_tells_nothing_without_the_key() -> None:
    (digest,) = _addresses("ann@example.com").digests
    assert len(digest) == 16
    hashed = hashlib.sha256(b"ann@example.com").digest()
    assert digest != hashed[:16]
    other = read_recipients(ContactKey(b"another key"), RecipientForm.ADDRESSES, ["ann@example.com"])
    assert digest != other.digests[0]
