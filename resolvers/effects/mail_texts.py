"""How e-mails are written: what customers typed is shown as such, and cannot pass for a link of ours."""

import re

LONGEST_SHOWN = 80
"""Of a name, in characters: longer ones are letters of their own."""

_JOINTS = r"[.@:\u3002\uFF0E\uFF61\u2024-\u2026\u2488-\u249B\uFE52\uFE55\uFE6B\uFF1A\uFF20]"
"""What joins the parts of an address: dots, at signs, colons, and what mail programs may take for one."""

JOINT_PATTERN = rf"({_JOINTS})(?=[^ ])"
"""A joint that joins something. PostgreSQL reads it as Python does."""

_JOINT = re.compile(JOINT_PATTERN)
_SPACES = re.compile(r"\s+")


def shown(typed: str) -> str:
    """What somebody typed, for the body of a mail: in quotation marks, in one line, not too long, and written
    so that no mail program makes a link of it."""
    line = _SPACES.sub(" ", typed).strip()
    cut = line if len(line) <= LONGEST_SHOWN else f"{line[: LONGEST_SHOWN - 1]}…"
    apart = _JOINT.sub(r"[\1]", cut)
    return f"“{apart}”"


def shown_in_sql(column: str) -> str:
    """The same of a column, for SQL that is written as text."""
    line = rf"trim(regexp_replace({column}, '\s+', ' ', 'g'))"
    cut = (
        f"CASE WHEN length({line}) <= {LONGEST_SHOWN} THEN {line} "
        f"ELSE left({line}, {LONGEST_SHOWN - 1}) || '…' END"
    )
    return rf"'“' || regexp_replace({cut}, '{JOINT_PATTERN}', '[\1]', 'g') || '”'"


def letter(*paragraphs: str, link: str | None = None) -> str:
    """The body of a mail; the link stands on a line of its own, after the first paragraph."""
    first, *others = paragraphs
    if link is not None:
        others = [link, *others, f"Links in our messages begin with {_origin(link)}, no others do."]
    return "\n\n".join(["Hello,", first, *others]) + "\n"


def _origin(link: str) -> str:
    return "/".join(link.split("/")[:3]) + "/"
