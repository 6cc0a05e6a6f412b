"""No chain of narrowing gains anything: drawn trees, drawn rights and drawn chains, held against the design
in plain Python (see `tests.authz.escalation.reach_model`)."""

from dataclasses import dataclass, replace

from hypothesis import given
from hypothesis import strategies as st

from authz.policy.permissions import GIVES_ACCESS
from tests.areas.narrowed_tokens.narrowing import Narrowed, narrow
from tests.authz.cases.expectations import EVERYTHING
from tests.authz.cases.sight import look
from tests.authz.escalation.forests import Plot, plant, plots
from tests.authz.escalation.profiles import examples
from tests.authz.escalation.reach_model import Forest, Grants, Opened
from tests.client.api import Api, Caller
from tests.world.world import World

_NARROWABLE = sorted(EVERYTHING - {permission.name for permission in GIVES_ACCESS})


@dataclass(frozen=True)
class _Link:
    """One step of a chain: accounts by their numbers, and permissions."""

    accounts: frozenset[int]
    permissions: frozenset[str]


@dataclass(frozen=True)
class _Held:
    """What the model says of a caller: what it may be given, and what it has of that. `limits`: what a token
    is narrowed to so far; None: it is no token."""

    grants: Grants
    limits: _Link | None = None

    def permissions(self, forest: Forest, account: int) -> frozenset[str] | None:
        """As `Forest.permissions`."""
        if self.limits is None:
            return forest.permissions(self.grants, account)
        own = tuple(grant for grant in self.grants if not isinstance(grant, Opened))
        whole = forest.permissions(own, account)
        if whole is None or account not in self.limits.accounts:
            return None
        return whole & self.limits.permissions

    def may_narrow(self, forest: Forest, link: _Link) -> bool:
        """Whether it holds all of the link, in each account, whatever the accounts' statuses."""
        own = tuple(grant for grant in self.grants if not isinstance(grant, Opened))
        limits = self.limits or _Link(frozenset(range(len(forest.nodes))), EVERYTHING)
        wanted = link.permissions | {"ACCOUNT_READ"}
        return link.accounts <= limits.accounts and all(
            wanted <= forest.held(own, account) & limits.permissions for account in link.accounts
        )


@st.composite
def _chains(draw: st.DrawFn, plot: Plot) -> list[_Link]:
    """Each link mostly within the one before, and now and then beside it."""
    numbers = list(range(len(plot.forest.nodes)))
    links: list[_Link] = []
    for _ in draw(st.lists(st.none(), min_size=1, max_size=3)):
        within = links[-1] if links and draw(st.sampled_from([True, True, True, False])) else None
        places = sorted(within.accounts) if within else numbers
        names = sorted(within.permissions) if within else _NARROWABLE
        links.append(
            _Link(
                frozenset(draw(st.lists(st.sampled_from(places), min_size=1, max_size=2))),
                frozenset(draw(st.lists(st.sampled_from(names), min_size=1, max_size=3))),
            )
        )
    return links


@st.composite
def _scenes(draw: st.DrawFn) -> tuple[Plot, list[list[_Link]]]:
    plot = draw(plots(most_accounts=5))
    callers = len(plot.people) + len(plot.keys)
    return plot, [draw(_chains(plot)) for _ in range(callers)]


@examples(20)
@given(scene=_scenes())
async def test_a_token_has_what_its_parent_has_and_no_more(
    scene: tuple[Plot, list[list[_Link]]], api: Api, registry: World
) -> None:
    plot, chains = scene
    planted = await plant(registry, plot)
    for (caller, grants), chain in zip(planted.callers, chains, strict=False):
        asker: Caller = caller
        held = _Held(grants)
        before = await look(api, caller, planted.accounts)
        for link in chain:
            wanted = [planted.accounts[number] for number in sorted(link.accounts)]
            tried = await narrow(api, asker, wanted, link.permissions)
            assert tried.done is held.may_narrow(plot.forest, link), (link, tried)
            if not tried.done:
                assert tried.code in ("NOT_FOUND", "FORBIDDEN")
                # The first account's own permissions, as far as they go: most drawn links ask for too much.
                link = _possible(held, plot.forest, link)
                if not link.accounts:
                    break
                wanted = [planted.accounts[number] for number in sorted(link.accounts)]
                tried = await narrow(api, asker, wanted, link.permissions)
                assert tried.done, (link, tried)
            asker = Narrowed(tried.payload["token"], tried.payload["narrowedToken"]["id"])
            held = _Held(grants, replace(link, permissions=link.permissions | {"ACCOUNT_READ"}))
            sight = await look(api, asker, planted.accounts)
            for number, account in enumerate(planted.accounts):
                assert sight.permissions(account) == held.permissions(plot.forest, number)
                assert (sight.permissions(account) or set()) <= (before.permissions(account) or set())


def _possible(held: _Held, forest: Forest, link: _Link) -> _Link:
    for account in sorted(link.accounts) + list(range(len(forest.nodes))):
        for names in (link.permissions & _of(held, forest, account), _of(held, forest, account)):
            possible = _Link(frozenset({account}), frozenset(names) & frozenset(_NARROWABLE))
            if possible.permissions and held.may_narrow(forest, possible):
                return possible
    return _Link(frozenset(), frozenset())


def _of(held: _Held, forest: Forest, account: int) -> frozenset[str]:
    own = tuple(grant for grant in held.grants if not isinstance(grant, Opened))
    limits = held.limits.permissions if held.limits else EVERYTHING
    return forest.held(own, account) & limits
