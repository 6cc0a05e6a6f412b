"""Whether a message can ever reach the address, by the status of its bounce (RFC 3463).

Reports that come back and the direct answers of a mail server are judged by the same table. A hard bounce
excludes the address at once, so only what says something of the address itself is hard. Whatever is about the
message, its sender, the time, or the state of a server is soft.

    status                          says                                         bounce
    4.x.x                           for this time                                SOFT
    5.1.7, 5.1.8                    the sender's address is wrong                SOFT
    5.1.x                           there is no such address                     HARD
    5.2.2                           the mailbox is full                          SOFT
    5.2.3, 5.2.4                    the message is too long, the list is broken  SOFT
    5.2.x                           the mailbox is disabled                      HARD
    5.3.x                           the server is full, or takes no such mail;
                                    5.3.4: the message is too big                SOFT
    5.4.1, 5.4.4                    nobody answers for the domain, for good;
                                    large hosts say so of unknown recipients     HARD
    5.4.x                           the way there is broken, or took too long    SOFT
    5.5.0                           no more exact: as if there was no status     HARD
    5.5.x                           a server did not understand another one      SOFT
    5.6.x                           the content is not taken                     SOFT
    5.7.13, 5.7.17, 5.7.18          the account is disabled, the mailbox or the
                                    domain has another owner                     HARD
    5.7.x                           policy: reputation, spam, signatures         SOFT
    5.x.x                           for good                                     HARD
    none, or another                                                             SOFT

Servers that give no status give a reply code at least (RFC 5321), which stands for one:

    550, 551, 553                   5.0.0
    the same, with a word of a policy: relay, spam, block, blacklist ...         5.7.0
    552                             5.2.2
    another 5xx                     5.3.0
    4xx                             4.0.0
"""

import re

from models.suppressions.tables import BounceKind

_STATUS = re.compile(r"\s*([245])\.(\d{1,3})\.(\d{1,3})(?!\d|\.\d)", re.ASCII)
_IN_TEXT = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?!\d|\.\d)", re.ASCII)
_REPLY = re.compile(r"(?:[a-z-]+;\s*)?(([245])\d\d)(?!\d)", re.IGNORECASE | re.ASCII)
_OF_A_POLICY = re.compile(r"relay|spam|block|black|polic|reputation|dnsbl|\brbl\b", re.IGNORECASE | re.ASCII)
"""No bounce is taken back, so a refusal of the sender must not pass for one of the recipient."""

_VAGUE, _POLICY, _FULL, _UNFIT = "5.0.0", "5.7.0", "5.2.2", "5.3.0"
_OF_REPLIES = {"550": _VAGUE, "551": _VAGUE, "553": _VAGUE, "552": _FULL}

_SOFT_SUBJECTS = frozenset({3, 4, 5, 6, 7})
_EXCEPT = frozenset(
    {(1, 7), (1, 8), (2, 2), (2, 3), (2, 4), (4, 1), (4, 4), (5, 0), (7, 13), (7, 17), (7, 18)}
)
"""Those whose bounce is not that of their subject."""


def bounce_kind(status: str | None) -> BounceKind:
    """The kind of a bounce with this status. See the table above."""
    found = _STATUS.fullmatch(status or "")
    if found is None or found[1] != "5":
        return BounceKind.SOFT
    subject, detail = int(found[2]), int(found[3])
    is_soft = (subject in _SOFT_SUBJECTS) != ((subject, detail) in _EXCEPT)
    return BounceKind.SOFT if is_soft else BounceKind.HARD


def status_of(status: str | None, diagnostic_code: str | None) -> str | None:
    """The most exact status that a report has: servers write 5.0.0 where the recipient's own server said
    more. None: it has none."""
    given, told = _STATUS.match(status or ""), _IN_TEXT.search(diagnostic_code or "")
    if given is not None and _is_exact(given):
        return _written(given)
    same = given is None or told is None or told[1] == given[1]
    if told is not None and _is_exact(told) and same:
        return _written(told)
    reply = _of_reply(diagnostic_code or "")
    vague = given or told
    if vague is None or (reply is not None and reply[0] == vague[1]):
        return reply
    return _written(vague)


def refused_for_good(answer: str, *, at_recipient: bool) -> str | None:
    """The status by which a mail server that was asked directly refuses the recipient's address. None: it
    refuses something else. `at_recipient`: it answers to the address; else to the message, of which only an
    exact status says that the address is the fault."""
    status = status_of(None, answer)
    if bounce_kind(status) is not BounceKind.HARD or (status == _VAGUE and not at_recipient):
        return None
    return status


def _of_reply(text: str) -> str | None:
    """The status that the reply code stands for."""
    reply = _REPLY.match(text)
    if reply is None:
        return None
    if reply[2] != "5":
        return f"{reply[2]}.0.0"
    status = _OF_REPLIES.get(reply[1], _UNFIT)
    return _POLICY if status == _VAGUE and _OF_A_POLICY.search(text) else status


def _is_exact(status: re.Match[str]) -> bool:
    return int(status[2]) != 0 or int(status[3]) != 0


def _written(status: re.Match[str]) -> str:
    return f"{status[1]}.{int(status[2])}.{int(status[3])}"
