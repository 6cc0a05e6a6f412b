"""The texts of e-mails. What customers typed is quoted, and cannot pass for a link of the platform."""

import re

LONGEST_SHOWN = 80
"""Of a name, in characters."""

_JOINTS = r"[.@:\u3002\uFF0E\uFF61\u2024-\u2026\u2488-\u249B\uFE52\uFE55\uFE6B\uFF1A\uFF20]"
"""What joins the parts of an address: dots, at signs, colons, and characters that mail programs read as
one."""

JOINT_PATTERN = rf"({_JOINTS})(?=[^ ])"
"""A joint with something behind it. PostgreSQL reads the pattern as Python does."""

_JOINT = re.compile(JOINT_PATTERN)
_SPACES = re.compile(r"\s+")


def quoted(typed: str) -> str:
    """A customer's text for the body of a mail: quoted, in one line, cut, and written so that no mail program
    makes a link of it."""
    line = _SPACES.sub(" ", typed).strip()
    cut = line if len(line) <= LONGEST_SHOWN else f"{line[: LONGEST_SHOWN - 1]}…"
    apart = _JOINT.sub(r"[\1]", cut)
    return f"“{apart}”"


def quoted_in_sql(column: str) -> str:
    """The same for a column, as SQL text."""
    line = rf"trim(regexp_replace({column}, '\s+', ' ', 'g'))"
    cut = (
        f"CASE WHEN length({line}) <= {LONGEST_SHOWN} THEN {line} "
        f"ELSE left({line}, {LONGEST_SHOWN - 1}) || '…' END"
    )
    return rf"'“' || regexp_replace({cut}, '{JOINT_PATTERN}', '[\1]', 'g') || '”'"


def letter(*paragraphs: str, link: str | None = None, greeting: str = "Hello,") -> str:
    """The body of a mail. The link stands on a line of its own after the first paragraph, and what is said of
    it is English."""
    first, *others = paragraphs
    if link is not None:
        others = [link, *others, f"Links in our messages begin with {_origin(link)}, no others do."]
    return "\n\n".join([greeting, first, *others]) + "\n"


def _origin(link: str) -> str:
    return "/".join(link.split("/")[:3]) + "/"
