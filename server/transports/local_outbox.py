"""The local outbox: a folder of this machine that takes e-mails and SMS in place of who delivers them.

Each message is a file that only the operator can read: `<id>.eml` is the mail as it would go over the
network, behind the two headers that a mailbox gives it; `<id>.sms` is JSON. An id begins with its moment.
The folder is bounded: old messages go when new ones come.
"""

import asyncio
import enum
import os
import threading
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import orjson

from models.base.ids import new_id
from resolvers.messages.transport import Envelope, Handed, Sms, Verdict

_MOST_MESSAGES = 1_000
_MOST_BYTES = 200_000_000
_LOOK_AFTER_MESSAGES = 50
_LOOK_AFTER_BYTES = 20_000_000
"""So much a process adds until it looks whether the folder is too large. It may be larger by so much."""
_KEPT = "It is in the local outbox."


class Form(enum.Enum):
    """What a file holds. The value is how its name ends."""

    EMAIL = ".eml"
    SMS = ".sms"


@dataclass(frozen=True)
class KeptFile:
    """A message of the folder."""

    id: uuid.UUID
    form: Form

    @property
    def name(self) -> str:
        """Of the file."""
        return f"{self.id.hex}{self.form.value}"


class LocalOutbox:
    """The folder. Several processes may use it at once. Its methods wait for the disk: they are to be called
    in a thread."""

    def __init__(
        self, folder: Path, most_messages: int = _MOST_MESSAGES, most_bytes: int = _MOST_BYTES
    ) -> None:
        self._folder = folder
        self._most_messages = most_messages
        self._most_bytes = most_bytes
        self._lock = threading.Lock()
        self._added = 0
        self._added_bytes = 0

    def keep(self, form: Form, content: bytes) -> None:
        """Add a message. It is there as a whole or not at all."""
        kept = KeptFile(new_id(), form)
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = self._folder / f".{kept.name}"
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
        draft.rename(self._folder / kept.name)
        if self._is_look_due(len(content)):
            self._drop_oldest()

    def newest(self, most: int, before: uuid.UUID | None = None) -> Sequence[KeptFile]:
        """The newest messages, or those that are older than `before`."""
        found = [each for each in self._files() if before is None or each.id < before]
        return sorted(found, key=lambda each: each.id, reverse=True)[:most]

    def find(self, id_: uuid.UUID) -> KeptFile | None:
        """The message with this id."""
        both = (KeptFile(id_, form) for form in Form)
        return next((each for each in both if (self._folder / each.name).exists()), None)

    def read(self, kept: KeptFile, most: int = -1) -> bytes | None:
        """The first bytes of a message, or all. None: it is gone."""
        try:
            with (self._folder / kept.name).open("rb") as file:
                return file.read(most)
        except FileNotFoundError:
            return None

    def _files(self) -> list[KeptFile]:
        try:
            names = os.listdir(self._folder)
        except FileNotFoundError:
            return []
        return [found for name in names if (found := _file_of(name)) is not None]

    def _is_look_due(self, size: int) -> bool:
        with self._lock:
            self._added += 1
            self._added_bytes += size
            is_due = self._added >= _LOOK_AFTER_MESSAGES or self._added_bytes >= _LOOK_AFTER_BYTES
            if is_due:
                self._added = self._added_bytes = 0
            return is_due

    def _drop_oldest(self) -> None:
        left = self._most_bytes
        for number, each in enumerate(self.newest(len(self._files()))):
            path = self._folder / each.name
            with suppress(FileNotFoundError):
                left -= path.stat().st_size
                if number >= self._most_messages or left < 0:
                    path.unlink()


class MailToOutbox:
    """Takes all mail."""

    def __init__(self, outbox: LocalOutbox) -> None:
        self._outbox = outbox

    async def hand_over(self, envelope: Envelope) -> Handed:
        """See `Transport`."""
        head = f"Return-Path: <{envelope.sender}>\r\nDelivered-To: {envelope.recipient}\r\n"
        return await _kept(self._outbox, Form.EMAIL, head.encode() + envelope.content)

    async def close(self) -> None:
        """See `Transport`. It holds nothing."""


class SmsToOutbox:
    """Takes all SMS."""

    def __init__(self, outbox: LocalOutbox) -> None:
        self._outbox = outbox

    async def hand_over(self, sms: Sms) -> Handed:
        """See `Transport`."""
        content = orjson.dumps({"to": sms.recipient, "from": sms.sender, "text": sms.text})
        return await _kept(self._outbox, Form.SMS, content)

    async def close(self) -> None:
        """See `Transport`. It holds nothing."""


async def _kept(outbox: LocalOutbox, form: Form, content: bytes) -> Handed:
    try:
        await asyncio.to_thread(outbox.keep, form, content)
    except OSError as error:
        return Handed(Verdict.LATER, f"{type(error).__name__}: {error}")
    return Handed(Verdict.ACCEPTED, _KEPT)


def _file_of(name: str) -> KeptFile | None:
    """None: it is no message, such as a draft."""
    stem, _, ending = name.partition(".")
    try:
        return KeptFile(uuid.UUID(hex=stem), Form(f".{ending}"))
    except ValueError:
        return None
