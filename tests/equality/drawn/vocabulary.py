"""What arguments are made of: ids and cursors that mean something, and those that do not."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass

from hypothesis.vendor.pretty import RepresentationPrinter

NO_IDS = (
    "",
    "_",
    "acct",
    "acct_",
    "acct_0190",
    "acct_00000000-0000-0000-0000-000000000000",
    "acct_00000000-0000-0000-0000-00000000000A",
    "memb_00000000-0000-0000-0000-000000000000",
    "memb_00000000-0000-0000-0000-000000000000_",
    "memb_00000000-0000-0000-0000-000000000000_x",
    "cntc_00000000-0000-0000-0000-000000000000",
    "cntc_00000000-0000-0000-0000-000000000000_00000000-0000-0000-0000-000000000000",
    "clst_00000000-0000-0000-0000-000000000000_x",
    "nope_00000000-0000-0000-0000-000000000000",
    "ключ_🔑\"'\\",
)


def cursor(*values: object) -> str:
    """A cursor as the server makes it."""
    return base64.b64encode(json.dumps(values, separators=(",", ":")).encode()).decode()


_TAGS = (
    "accounts.created",
    "accounts.name",
    "members",
    "roles",
    "roleUses",
    "apiKeys",
    "ghosts",
    "narrowedTokens",
    "accessPromises",
    "accessReviews",
    "accessReviewItems",
    "events",
    "shares",
    "ownershipOffers",
    "breakGlass",
    "accessMatrix",
    "ledgerEntries",
    "topUps",
    "plans",
    "usage",
    "usageAccounts",
    "invoices",
    "invoiceLines",
    "costs",
    "labelCosts",
    "contacts",
    "contacts.email",
    "contact lists",
    "memberships",
    "sessions",
    "viewer.invitations",
    "barred accounts",
    "scim_groups",
)
_NO_KEYS: tuple[tuple[object, ...], ...] = (
    (),
    ("x",),
    (None,),
    (1,),
    (2**63,),
    (True,),
    (1.5,),
    ("x", "y"),
    ("\x00", "y"),
    ("\ud800", "y"),
    ({}, []),
)
NO_CURSORS = (
    "",
    "bogus",
    "ключ",
    "====",
    cursor(),
    base64.b64encode(b"0").decode(),
    base64.b64encode(b"\xff").decode(),
    base64.b64encode(b'{"a":1}').decode(),
    base64.b64encode(b"[" * 5_000).decode(),
    cursor(*["roles"] * 4),
    *(cursor(tag, *keys) for tag in _TAGS for keys in _NO_KEYS),
)


@dataclass(frozen=True)
class Vocabulary:
    """A scene's ids, those among them that the viewer was given, search words, and the cursors of earlier
    answers by the tag of their order."""

    ids: tuple[str, ...]
    own_ids: tuple[str, ...]
    searches: tuple[str, ...]
    cursors: Mapping[str, tuple[str, ...]]

    def _repr_pretty_(self, printer: RepresentationPrinter, cycle: bool) -> None:
        """Short: Hypothesis warns of arguments as large as this one and then cannot tell what failed."""
        printer.text("Vocabulary(...)")


def tag_of(text: str) -> str:
    """Which order a cursor belongs to."""
    tag: str = json.loads(base64.b64decode(text))[0]
    return tag
