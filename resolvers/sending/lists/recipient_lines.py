"""Reading a list of recipients from plain text, piece by piece: one address or one hash a line.

A line may be in double quotes, as in CSV. Empty lines are skipped.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from authz.policy.refusals import Refusal, RefusalCode
from resolvers.inputs.address_digests import ContactKey
from resolvers.sending.address_hash import RecipientForm, read_recipient
from resolvers.sending.lists.digest_sorting import DigestFile, DigestSorter

LONGEST_LINE = 1000
"""In bytes."""

_TOLD = 20
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass
class Malformed:
    """Lines that are no address or no hash: how many, and the numbers of the first ones, from 1."""

    count: int = 0
    first: list[int] = field(default_factory=list)

    def note(self, line: int) -> None:
        """Count one more."""
        self.count += 1
        if len(self.first) < _TOLD:
            self.first.append(line)


@dataclass(frozen=True)
class RecipientFile:
    """The content of a list: the digests, each once, in order, and how many lines were left out."""

    digests: DigestFile
    malformed: Malformed
    duplicates: int


class RecipientLines:
    """Reads a list of at most `limit` lines. The caller closes it. Do not use it in the event loop."""

    def __init__(self, key: ContactKey, form: RecipientForm, limit: int) -> None:
        self._key = key
        self._form = form
        self._limit = limit
        self._sorter = DigestSorter()
        self._malformed = Malformed()
        self._rest = b""
        self._line = 0
        self._given = 0
        """Lines that are not empty."""

    def feed(self, piece: bytes) -> None:
        """Read the next piece. Raises BAD_USER_INPUT for too many lines, and for a line that is too long."""
        lines = (self._rest + piece).split(b"\n")
        self._rest = lines.pop()
        self._read(lines)
        if len(self._rest) > LONGEST_LINE:
            self._refuse_long(self._line + 1)

    def result(self) -> RecipientFile:
        """The content, after the last piece, until this is closed. Raises BAD_USER_INPUT, also for a list
        without any recipient."""
        self._read([self._rest])
        digests = self._sorter.result()
        well_formed = self._given - self._malformed.count
        if not well_formed:
            message = f"No line is {'an address' if self._form is RecipientForm.ADDRESSES else 'a hash'}."
            raise Refusal(RefusalCode.BAD_USER_INPUT, message)
        return RecipientFile(digests, self._malformed, well_formed - digests.count)

    def close(self) -> None:
        """Free the disk space."""
        self._sorter.close()

    def _read(self, lines: Iterable[bytes]) -> None:
        for line in lines:
            self._line += 1
            if len(line) > LONGEST_LINE:
                self._refuse_long(self._line)
            text = self._text(line)
            if text == "":
                continue
            self._given += 1
            if self._given > self._limit:
                message = f"There are more than {self._limit} recipients."
                raise Refusal(RefusalCode.BAD_USER_INPUT, message)
            digest = None if text is None else read_recipient(self._key, self._form, text)
            if digest is None:
                self._malformed.note(self._line)
            else:
                self._sorter.add(digest)

    def _text(self, line: bytes) -> str | None:
        """None: the line is not in UTF-8."""
        if self._line == 1:
            line = line.removeprefix(_BYTE_ORDER_MARK)
        try:
            text = line.decode().strip()
        except UnicodeDecodeError:
            return None
        quoted = len(text) > 1 and text[0] == text[-1] == '"'
        return text[1:-1] if quoted else text

    def _refuse_long(self, line: int) -> None:
        message = f"Line {line} is longer than {LONGEST_LINE} bytes."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message)
