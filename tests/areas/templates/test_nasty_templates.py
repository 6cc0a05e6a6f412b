"""Templates that never end, take too much, or look where they should not."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolvers.templates.rendering.limits import CPU_SECONDS, WALL_SECONDS
from resolvers.templates.rendering.process import done
from resolvers.templates.rendering.renderer import Renderer
from resolvers.templates.rendering.work import Fault, Part, Rendered, Work
from tests.areas.templates.asking import not_rendered, rendered
from tests.client.api import Api
from tests.world.settings import set_function
from tests.world.world import Account, Member, World

_TOO_MUCH = "It takes too long, or too much memory."
_NAMED = {"loop": "loop iteration limit", "local": "local namespace limit", "output": "output stream limit"}

_NASTY = {
    "loops in loops": ("{% for a in (1..9999) %}{% for b in (1..9999) %}x{% endfor %}{% endfor %}", "loop"),
    "loops behind loops": ("{% for a in (1..9999) %}{% assign b = a %}{% endfor %}" * 1_000, ""),
    "a text that doubles": ("{% assign a = 'aaaa' %}" + "{% assign a = a | append: a %}" * 40, "local"),
    "a text that multiplies": (
        "{% assign a = 'aaaaaaa' %}" + "{% assign a = a | replace: 'a', a %}" * 9,
        "local",
    ),
    "a number that squares": ("{% assign a = 99999 %}" + "{% assign a = a | times: a %}" * 40, ""),
    "a range that is written out": ("{{ (1..1000000000) | join: 'x' }}", ""),
    "much output": ("{% for a in (1..9999) %}" + "x" * 1_000 + "{% endfor %}", "output"),
}
"""A template, and the limit that it meets; empty: the time or the memory of the process."""


@pytest.fixture
async def renderer() -> AsyncIterator[Renderer]:
    """One of its own, so that nobody waits for what happens to it."""
    made = Renderer()
    yield made
    await made.close()


async def test_each_ends_in_time_and_the_next_one_is_rendered(renderer: Renderer) -> None:
    """By a limit that is named, or with the process, which is another one then."""
    for what, (source, limit) in _NASTY.items():
        started = time.monotonic()
        found = await renderer.do(Work({Part.TEXT: source}, {}))
        assert isinstance(found, Fault), what
        assert (_NAMED[limit] in str(found)) if limit else str(found) == _TOO_MUCH, (what, str(found))
        assert time.monotonic() - started < WALL_SECONDS / 2 + CPU_SECONDS, what
        assert await renderer.do(Work({Part.TEXT: "Hi"}, {})) == Rendered({Part.TEXT: "Hi"}, [])


async def test_a_check_is_bounded_too(renderer: Renderer) -> None:
    """It parses, and the parser may look at all of the rest for each tag."""
    source = "{% comment %}" + "{% raw %}" * 50_000
    assert str(await renderer.do(Work({Part.HTML: source}))) == _TOO_MUCH


async def test_a_style_sheet_is_bounded_too(renderer: Renderer) -> None:
    """Each of its rules looks at each element."""
    rules = "".join(f"p:not(.a{number}) i ~ b {{ color: red }}" for number in range(8_000))
    html = f"<style>{rules}</style>" + "<p><i></i><b></b></p>" * 8_000
    assert isinstance(await renderer.do(Work({Part.HTML: html}, {})), Fault)


async def test_a_process_that_was_killed_is_replaced(renderer: Renderer) -> None:
    """While it waits for work, as when the system runs out of memory."""
    work = Work({Part.TEXT: "Hi"}, {})
    others = _children()
    await renderer.do(work)
    (first,) = _children() - others
    os.kill(first, signal.SIGKILL)
    async with asyncio.timeout(10):
        await asyncio.sleep(0.05)
        while first in _children():  # noqa: ASYNC110 - nobody else knows
            await asyncio.sleep(0.05)
    assert await renderer.do(work) == Rendered({Part.TEXT: "Hi"}, [])


def _children() -> set[int]:
    """The processes that render for this one."""
    with open(f"/proc/self/task/{os.getpid()}/children") as listed:
        found = [int(each) for each in listed.read().split()]
    return {each for each in found if b"rendering" in _command(each)}


def _command(process: int) -> bytes:
    try:
        with open(f"/proc/{process}/cmdline", "rb") as command:
            return command.read()
    except FileNotFoundError:
        return b""


async def test_who_gives_up_gets_nobody_elses_answer(renderer: Renderer) -> None:
    """A request that is cancelled leaves no answer for the next one."""
    slow = Work({Part.TEXT: "{% for a in (1..9999) %}{{ a }}{% endfor %}" * 10}, {})
    await renderer.do(Work({Part.TEXT: "Hi"}, {}))
    asking = asyncio.create_task(renderer.do(slow))
    await asyncio.sleep(0.01)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert await renderer.do(Work({Part.TEXT: "Ho"}, {})) == Rendered({Part.TEXT: "Ho"}, [])


async def test_functions_that_render_themselves(
    api: Api, world: World, account: Account, marketer: Member
) -> None:
    """Once or twice each time; and one that Liquid cannot read says so by its name."""
    await set_function(world, account, "again", "{% render 'again' %}")
    await set_function(world, account, "twice", "{% if true %}{% render 'twice' %}{% endif %}" * 2)
    await set_function(world, account, "wide", "{% for a in (1..99) %}{% render 'leaf' %}{% endfor %}")
    await set_function(world, account, "leaf", "x")
    await set_function(world, account, "wrong", "a\n{% exec %}")
    told = [
        await not_rendered(api, marketer, account, text)
        for text in ("{% render 'again' %}", "{% render 'twice' %}", "{% render 'wide' %}" * 11)
    ]
    assert ["recursive" in told[0], "recursive" in told[1]] == [True, True]
    assert told[2] == "In text: Line 1: field functions are rendered more than 1000 times."
    wrong = await not_rendered(api, marketer, account, "{% render 'wrong' %}")
    assert wrong == "In text: Field function wrong, line 2: unexpected tag 'exec'."


_LOOKS = (
    "contact.__class__",
    "contact['__class__']['__mro__']",
    "contact.attributes.__init__.__globals__",
    "contact.items",
    "contact.email.__class__.__base__",
    "account.__dict__",
    "self",
    "forloop.__class__",
    "env",
)


@pytest.mark.parametrize("path", _LOOKS)
async def test_nothing_private_is_read(api: Api, account: Account, marketer: Member, path: str) -> None:
    assert await rendered(api, marketer, account, f"[{{{{ {path} }}}}]") == "[]"


@pytest.mark.parametrize("name", ["/etc/passwd", "../../pyproject.toml", "again"])
async def test_render_finds_field_functions_alone(
    api: Api, account: Account, marketer: Member, name: str
) -> None:
    assert await rendered(api, marketer, account, f"[{{% render '{name}' %}}]") == "[]"


_ODD_ARGUMENTS = (
    "{{ '99999999999999999999' | date: '%Y' }}",
    "{{ '/w==' | base64_decode }}",
    "{{ 'a' | base64_decode }}",
    "{{ 1 | divided_by: 0 }}",
    "{{ 'a' | slice: 1.5 }}",
    "{{ contact | sort }}",
    "{{ 'a,b' | split: ',' | concat: 1 }}",
    "{{ 'x' | date: '%' }}{{ 1 | modulo: 0 }}",
)


@pytest.mark.parametrize("text", _ODD_ARGUMENTS)
async def test_what_a_filter_cannot_do_is_told_or_empty(
    api: Api, account: Account, marketer: Member, text: str
) -> None:
    """Never an INTERNAL."""
    found = done(Work({Part.TEXT: text}, {}))
    if isinstance(found, Fault):
        assert (await not_rendered(api, marketer, account, text)).startswith("In text: ")
    else:
        assert await rendered(api, marketer, account, text) == found.parts[Part.TEXT]


@given(st.text(max_size=200).filter(lambda text: "{{" not in text and "{%" not in text))
def test_a_text_without_tags_is_rendered_as_it_is(text: str) -> None:
    """Line breaks of every kind as well."""
    parts = {Part.TEXT: text, Part.HTML: f"<p>{text}"}
    assert done(Work(parts, {})) == Rendered({**parts}, [])
