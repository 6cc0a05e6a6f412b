"""Compares what becomes of a viewer's writes with what the model says, and that a refused one changes
nothing."""

from collections.abc import Iterable

from tests.client.api import INPUT_TYPES, Answer
from tests.isolation.attempts import DONE, Attempt, Attempts
from tests.isolation.narrowing import TokenAttempts
from tests.isolation.reading import Viewer
from tests.isolation.rights import Rights
from tests.isolation.sent.attempts import SentAttempts
from tests.isolation.sight import Json, Sight
from tests.isolation.site import Site
from tests.isolation.state import State, state_of
from tests.isolation.stock.attempts import StockAttempts
from tests.isolation.stock.lifting import Lifting
from tests.isolation.tally import Tally
from tests.isolation.watched.attempts import WatchedAttempts

_ACCOUNTS = 3
"""In how many accounts a viewer tries to change something."""
_VIEWERS = 8
"""After how many viewers' writes the state is compared."""
_TRIES = 3


async def compare_writes(site: Site, rights: Rights, viewers: list[Viewer], tally: Tally) -> None:
    """What the model says is refused is sent in earnest, what it says is done as a dry run: so nothing
    changes at all."""
    state = await state_of(site)
    for start in range(0, len(viewers), _VIEWERS):
        made: list[tuple[Viewer, Attempt]] = []
        for viewer in viewers[start : start + _VIEWERS]:
            for attempt in _chosen(site, Attempts(site, rights, viewer.subject, state)):
                await _compare(viewer, attempt, tally)
                made.append((viewer, attempt))
            sight = Sight(site.world, rights, viewer.subject if viewer.accepted else None)
            await Lifting(sight, viewer, tally).compare()
        after = await state_of(site)
        for viewer, attempt in made:
            _compare_states(f"{viewer.name}: after {attempt.mutation}", attempt, (state, after), tally)
        state = after


def _compare_states(what: str, attempt: Attempt, states: tuple[State, State], tally: Tally) -> None:
    before, after = states
    ids = [account.id for account in attempt.accounts]
    tally.alike(what, [before[id_] for id_ in ids], [after[id_] for id_ in ids])


def _chosen(site: Site, attempts: Attempts) -> Iterable[Attempt]:
    reached = [found for found in site.world.accounts if attempts.rights.reaches(attempts.subject, found)]
    stock = StockAttempts(site, attempts.rights, attempts.subject)
    sent = SentAttempts(site, attempts.rights, attempts.subject)
    watched = WatchedAttempts(site, attempts.rights, attempts.subject, attempts.state)
    tokens = TokenAttempts(site, attempts.rights, attempts.subject)
    accounts = [*site.some(reached, _ACCOUNTS), site.chance.choice(site.world.accounts)]
    for account in dict.fromkeys(accounts):
        yield from attempts.on_account(account)
        yield from attempts.on_link(account)
        yield from stock.on_account(account)
        yield from sent.on_account(account)
        yield from tokens.on_account(account)
        yield from watched.on_account(account)
    for _ in range(_ACCOUNTS):
        yield from attempts.on_things()
    yield from tokens.on_tokens()


async def _compare(viewer: Viewer, attempt: Attempt, tally: Tally) -> None:
    mutation = attempt.mutation
    input_type = INPUT_TYPES.get(mutation, f"{mutation[0].upper()}{mutation[1:]}Input")
    document = (
        f"mutation ($input: {input_type}!) {{ {mutation}(input: $input) "
        "{ authzRevision userErrors { code ... on PermissionDenied { permission } } } }"
    )
    expected = attempt.expected if viewer.accepted else frozenset({"UNAUTHENTICATED"})
    values = {**attempt.values, "dryRun": True} if expected == DONE else attempt.values
    answer = await _sent(viewer, document, values, mutation)
    what = f"{viewer.name}: {mutation} in {', '.join(account.name for account in attempt.accounts)}"
    if answer.errors:
        tally.outcome(what, expected, answer.codes[0])
        return
    payload: Json = answer.data[mutation]
    tally.outcome(what, expected, _code(payload))
    tally.fact(f"{what}: revision", None, payload["authzRevision"])


async def _sent(viewer: Viewer, document: str, values: Json, mutation: str) -> Answer:
    """A dry run answers CONFLICT if something else is written at that moment, such as when a key was used;
    then it is asked again."""
    for _ in range(_TRIES):
        answer = await viewer.api.ask(document, viewer.subject, input=values)
        conflicts = not answer.errors and _code(answer.data[mutation]) == "CONFLICT"
        if not (conflicts and values.get("dryRun")):
            break
    return answer


def _code(payload: Json) -> str:
    errors = payload["userErrors"]
    if not errors:
        return ""
    return " ".join(filter(None, [errors[0]["code"], errors[0].get("permission")]))
