"""The parts of a template as clients give them: checked before they are stored."""

import re
from dataclasses import dataclass

from authz.policy.refusals import Refusal, RefusalCode
from models.templates.tables import LONGEST_BODY, LONGEST_SUBJECT, TemplateChannel
from resolvers.templates.rendering.renderer import Renderer
from resolvers.templates.rendering.work import Fault, Part, Work
from resolvers.templates.sms_parts import MOST_SMS_PARTS, size_of

_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
"""Control characters, but for tabs and line breaks."""

_BREAKS = re.compile(r"[\t\n\r\u2028\u2029]")

_LONGEST = {Part.SUBJECT: LONGEST_SUBJECT, Part.TEXT: LONGEST_BODY, Part.HTML: LONGEST_BODY}


@dataclass(frozen=True)
class Parts:
    """What a template says. None: it has no such part."""

    subject: str | None
    text: str | None
    html: str | None

    @property
    def given(self) -> dict[Part, str]:
        """Those that it has."""
        parts = {Part.SUBJECT: self.subject, Part.TEXT: self.text, Part.HTML: self.html}
        return {part: source for part, source in parts.items() if source is not None}


def check_parts(parts: Parts, channel: TemplateChannel) -> None:
    """Raise BAD_USER_INPUT for parts that are missing or that the channel does not have, and for texts that
    no message can contain."""
    if channel is TemplateChannel.SMS:
        for part in (Part.SUBJECT, Part.HTML):
            if part in parts.given:
                raise _refused(part, "An SMS has a text alone.")
        if parts.text is None:
            raise _refused(Part.TEXT, "An SMS needs a text.")
        if "\t" in parts.text:
            raise _refused(Part.TEXT, "An SMS has no tabs.")
        if is_fixed(parts.text) and size_of(parts.text).parts > MOST_SMS_PARTS:
            raise _refused(Part.TEXT, f"An SMS has at most {MOST_SMS_PARTS} parts.")
    elif parts.subject is None:
        raise _refused(Part.SUBJECT, "An e-mail needs a subject.")
    elif parts.text is None and parts.html is None:
        raise _refused(Part.TEXT, "An e-mail needs a text, HTML, or both.")
    for part, source in parts.given.items():
        _check_source(part, source)


def _check_source(part: Part, source: str) -> None:
    longest = _LONGEST[part]
    if not source.strip() or len(source) > longest:
        raise _refused(part, f"Must have 1 to {longest:,} characters, and not only spaces.")
    if _CONTROLS.search(source) is not None:
        raise _refused(part, "Must not contain control characters, other than line breaks and tabs.")
    if part is Part.SUBJECT and _BREAKS.search(source) is not None:
        raise _refused(part, "Must not contain line breaks and tabs.")


def is_fixed(source: str) -> bool:
    """Whether nothing in it is Liquid, so that it is rendered as it stands."""
    return "{{" not in source and "{%" not in source


async def check_liquid(renderer: Renderer, parts: Parts) -> None:
    """Raise BAD_USER_INPUT for what Liquid cannot read, with the part and the line.

    The work waits for that of other accounts, so nobody calls it with a lock.
    """
    if not parts.given:
        return
    found = await renderer.do(Work(parts.given))
    if isinstance(found, Fault):
        raise Refusal(RefusalCode.BAD_USER_INPUT, str(found), found.part or next(iter(parts.given)))


def _refused(part: Part, message: str) -> Refusal:
    return Refusal(RefusalCode.BAD_USER_INPUT, message, part)
