"""A list as text becomes digests, each once and in order, in whatever pieces it comes (T24)."""

import hashlib
import itertools
import tracemalloc
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authz.policy.refusals import Refusal
from resolvers.inputs.address_digests import ContactKey
from resolvers.sending.address_hash import RecipientForm, read_recipients
from resolvers.sending.lists import digest_sorting
from resolvers.sending.lists.recipient_lines import LONGEST_LINE, RecipientFile, RecipientLines

_KEY = ContactKey(b"a key")
_LIMIT = 1000


@contextmanager
def _read(
    pieces: Iterable[bytes], form: RecipientForm = RecipientForm.ADDRESSES, limit: int = _LIMIT
) -> Iterator[RecipientFile]:
    with closing(RecipientLines(_KEY, form, limit)) as lines:
        for piece in pieces:
            lines.feed(piece)
        yield lines.result()


def _expected(*texts: str) -> list[bytes]:
    return sorted(read_recipients(_KEY, RecipientForm.ADDRESSES, texts).digests)


def test_every_line_is_read_or_told() -> None:
    text = '\ufeffann@example.com\r\n\nno address\n ANN@example.com \n"bob@example.com"\n'
    content = text.encode() + b'caf\xe9@example.com\n\n"\n' + "jürgen@bücher.example".encode()
    with _read([content]) as file:
        assert file.digests.slice(0, 10) == _expected(
            "ann@example.com", "bob@example.com", "jürgen@bücher.example"
        )
        assert (file.malformed.count, file.malformed.first, file.duplicates) == (3, [3, 6, 8], 1)


def test_hashes_are_lines_too() -> None:
    hashed = hashlib.sha256(b"ann@example.com").hexdigest()
    with _read([f"{hashed}\n{hashed.upper()}\nann@example.com".encode()], RecipientForm.HASHES) as file:
        assert file.digests.slice(0, 10) == _expected("ann@example.com")
        assert file.malformed.first == [2, 3]


@given(
    names=st.lists(st.integers(0, 30), min_size=1, max_size=60),
    cuts=st.lists(st.integers(0, 900), max_size=8),
    run=st.integers(1, 9),
)
def test_pieces_and_runs_make_no_difference(names: list[int], cuts: list[int], run: int) -> None:
    content = "".join(f"n{name}@example.com\n" for name in names).encode()
    edges = sorted({0, len(content), *(cut for cut in cuts if cut < len(content))})
    pieces = [content[start:end] for start, end in itertools.pairwise(edges)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(digest_sorting, "RUN", run)
        with _read(pieces) as file:
            assert file.digests.slice(0, 100) == _expected(*[f"n{name}@example.com" for name in names])
            assert file.digests.slice(1, 2) == file.digests.slice(0, 100)[1:3]
            assert file.digests.count == len(set(names))
            assert file.duplicates == len(names) - len(set(names))


@pytest.mark.parametrize(
    "pieces",
    [
        [],
        [b"", b"\n\n"],
        [b"no address\n"],
        [b"a@example.com\n" * (_LIMIT + 1)],
        [b"no address\n" * (_LIMIT + 1)],
        [b"a@example.com\n", b"a" * (LONGEST_LINE + 1), b"\n"],
        [b"a@example.com\n" + b"a" * (LONGEST_LINE + 1) + b"\n"],
        [b"a" * 600, b"a" * 600],
    ],
    ids=[
        "nothing",
        "empty lines",
        "nobody",
        "too many",
        "too many faults",
        "a long rest",
        "a long line",
        "grown",
    ],
)
def test_what_is_no_list_is_refused(pieces: list[bytes]) -> None:
    with pytest.raises(Refusal, match=r"[Ll]ine|more than"), _read(pieces):
        pass


def test_memory_does_not_grow_with_the_list() -> None:
    """Ten times as many cost no more than their files."""

    def most(count: int) -> int:
        tracemalloc.start()
        pieces = (f"person{number}@example.com\n".encode() for number in range(count))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(digest_sorting, "RUN", 500)
            patch.setattr(digest_sorting, "READ_AT_ONCE", 10)
            with _read(pieces, limit=count) as file:
                assert file.digests.count == count
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return peak

    assert most(20_000) < 2 * most(2_000)
