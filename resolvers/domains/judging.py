"""Whether what was found in DNS is what has to be there."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from models.domains.tables import DomainRecordPurpose, DomainRecordStatus
from resolvers.domains.expected_records import ExpectedRecord

MOST_SHOWN = 10
"""The most values of one record that are kept."""
_LONGEST_SHOWN = 300

NOT_PROVED = "Not verified: the ownership is not proved here, or the domain is in use."
"""The same, whichever of the two it is (N20)."""

_UNREACHABLE = "No name server gave an answer in time."
_ALL = re.compile(r"[+?~-]?all")
_DMARC_POLICIES = frozenset({"none", "quarantine", "reject"})


@dataclass(frozen=True)
class FoundRecord:
    """What became of an expected record. `found`: as it is shown to people. `problem`: None if it is OK."""

    expected: ExpectedRecord
    status: DomainRecordStatus
    found: Sequence[str] = field(default_factory=list)
    problem: str | None = None

    @property
    def is_ok(self) -> bool:
        """Whether it is there."""
        return self.status is DomainRecordStatus.OK

    def refused(self) -> "FoundRecord":
        """As if it did not prove the ownership."""
        return FoundRecord(self.expected, DomainRecordStatus.WRONG, self.found, NOT_PROVED)


def judge(expected: ExpectedRecord, values: Sequence[str] | None) -> FoundRecord:
    """`values`: those of the record's type at its name; None: nobody could be asked."""
    if values is None:
        return FoundRecord(expected, DomainRecordStatus.UNREACHABLE, problem=_UNREACHABLE)
    meant = [value for value in values if _is_meant(expected.purpose, value)]
    shown = [_cut(value) for value in meant[:MOST_SHOWN]]
    if not meant:
        return FoundRecord(expected, DomainRecordStatus.MISSING, shown, _MISSING.get(expected.purpose))
    problem = _PROBLEMS[expected.purpose](expected.value, meant)
    status = DomainRecordStatus.OK if problem is None else DomainRecordStatus.WRONG
    return FoundRecord(expected, status, shown, problem)


def _is_meant(purpose: DomainRecordPurpose, value: str) -> bool:
    """Whether a value is of this kind at all: at a domain itself there are texts for many purposes."""
    match purpose:
        case DomainRecordPurpose.SPF:
            return re.match(r"v=spf1( |$)", value, re.IGNORECASE) is not None
        case DomainRecordPurpose.DMARC:
            return re.match(r"v\s*=\s*DMARC1\s*(;|$)", value) is not None
        case _:
            return True


def _of_ownership(expected: str, values: Sequence[str]) -> str | None:
    return None if expected in map(str.strip, values) else NOT_PROVED


def _of_dkim(expected: str, values: Sequence[str]) -> str | None:
    wanted = _tags(expected)["p"]
    for tags in map(_tags, values):
        if tags.get("p") == wanted and tags.get("v", "DKIM1") == "DKIM1" and tags.get("k", "rsa") == "rsa":
            return None
    return "The key is another one."


def _of_spf(expected: str, values: Sequence[str]) -> str | None:
    if len(values) > 1:
        return "There are several SPF records. Mail servers accept only one: put them together."
    wanted = expected.split()[1]
    for term in values[0].lower().split()[1:]:
        if term.removeprefix("+").removesuffix(".") == wanted:
            return None
        if _ALL.fullmatch(term):
            break
    return f"It does not have {wanted} in front of its end."


def _of_dmarc(_: str, values: Sequence[str]) -> str | None:
    if len(values) > 1:
        return "There are several DMARC records. Mail servers ignore all of them."
    return None if _tags(values[0]).get("p", "").lower() in _DMARC_POLICIES else "It does not say a policy."


def _of_alias(expected: str, values: Sequence[str]) -> str | None:
    found = {value.lower().removesuffix(".") for value in values}
    return None if found == {expected.lower()} else "It leads to another name."


_PROBLEMS: dict[DomainRecordPurpose, Callable[[str, Sequence[str]], str | None]] = {
    DomainRecordPurpose.OWNERSHIP: _of_ownership,
    DomainRecordPurpose.DKIM: _of_dkim,
    DomainRecordPurpose.DKIM_NEXT: _of_dkim,
    DomainRecordPurpose.SPF: _of_spf,
    DomainRecordPurpose.DMARC: _of_dmarc,
    DomainRecordPurpose.RETURN_PATH: _of_alias,
    DomainRecordPurpose.TRACKING: _of_alias,
}
_MISSING = {DomainRecordPurpose.OWNERSHIP: NOT_PROVED}
"""What is said where nothing is found; else the status says all."""


def _tags(value: str) -> dict[str, str]:
    """The tags of a DKIM or DMARC record, without the spaces in their values."""
    pairs = (part.partition("=") for part in value.split(";"))
    return {name.strip(): "".join(text.split()) for name, _, text in pairs if name.strip()}


def _cut(value: str) -> str:
    return value if len(value) <= _LONGEST_SHOWN else f"{value[:_LONGEST_SHOWN]}..."
