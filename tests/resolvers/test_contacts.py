"""Who is the same contact (R103, T21, T24)."""

import hashlib

from resolvers.contacts import ContactKey, FaultyRecipient, RecipientFault, read_recipients

_KEY = ContactKey(b"a key")
_SAME = (
    "Jürgen@Bücher.example",
    " jürgen@bücher.example ",
    "JÜRGEN@BÜCHER.EXAMPLE",
    "jürgen@xn--bcher-kva.example",
)


def test_one_address_however_it_is_written() -> None:
    found = read_recipients(_KEY, [*_SAME, "ju.rgen@bücher.example"], [])
    assert len(found.digests) == 2, "there is no merging by provider"
    assert [fault.index for fault in found.faults] == [1, 2, 3]
    assert {fault.fault for fault in found.faults} == {RecipientFault.DUPLICATE}


def test_a_hash_stands_for_its_address() -> None:
    hashed = hashlib.sha256("jürgen@xn--bcher-kva.example".encode()).hexdigest()
    found = read_recipients(_KEY, _SAME[:1], [hashed, hashed[:-1], hashed.upper(), ""])
    assert found.digests == read_recipients(_KEY, _SAME[:1], []).digests
    malformed = [FaultyRecipient(index, RecipientFault.MALFORMED) for index in (2, 3, 4)]
    assert found.faults == [FaultyRecipient(1, RecipientFault.DUPLICATE), *malformed]


def test_what_is_kept_tells_nothing_without_the_key() -> None:
    (digest,) = read_recipients(_KEY, ["ann@example.com"], []).digests
    assert len(digest) == 16
    hashed = hashlib.sha256(b"ann@example.com").digest()
    assert digest != hashed[:16]
    assert digest != read_recipients(ContactKey(b"another key"), ["ann@example.com"], []).digests[0]
