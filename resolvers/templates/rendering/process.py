"""The program of the process that renders: `python -m resolvers.templates.rendering.process`.

It reads work from its standard input until that ends. It has neither settings nor connections. The timer's
signal ends it, because nothing handles that signal.
"""

import resource
import signal
import sys
from typing import BinaryIO

from resolvers.templates.rendering.html import for_display, for_mail
from resolvers.templates.rendering.limits import CPU_SECONDS, MEMORY_BYTES, MOST_OUTPUT_BYTES
from resolvers.templates.rendering.liquid_parts import FaultyError, LiquidParts
from resolvers.templates.rendering.wire import LENGTH_BYTES, packed, work_in
from resolvers.templates.rendering.work import Fault, Part, Rendered, Work


def done(work: Work) -> Rendered | Fault:
    """The work's answer."""
    liquid = LiquidParts(work.functions)
    try:
        if work.values is None:
            for part, source in work.parts.items():
                liquid.check(part, source)
            return Rendered({})
        values = work.values
        parts = {part: liquid.render(part, source, values) for part, source in work.parts.items()}
        if Part.HTML in parts:
            parts[Part.HTML] = _finished(parts[Part.HTML], work)
    except FaultyError as error:
        return error.fault
    return Rendered(parts, list(liquid.warnings))


def _finished(html: str, work: Work) -> str:
    styled = for_mail(html)
    if len(styled) > MOST_OUTPUT_BYTES:
        raise FaultyError(Fault("it becomes too large with its styles in all elements.", Part.HTML))
    return for_display(styled) if work.for_display else styled


def _serve(source: BinaryIO, target: BinaryIO) -> None:
    while length := source.read(LENGTH_BYTES):
        work = work_in(source.read(int.from_bytes(length, "big")))
        signal.setitimer(signal.ITIMER_PROF, CPU_SECONDS)
        answer = packed(done(work))
        signal.setitimer(signal.ITIMER_PROF, 0)
        target.write(answer)
        target.flush()


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's, which is for the server
    _serve(sys.stdin.buffer, sys.stdout.buffer)
