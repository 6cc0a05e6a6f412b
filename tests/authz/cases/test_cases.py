"""The authorization cases of `cases/*.yaml`: check and list together, and nothing changed after a refusal."""

import pytest

from tests.authz.cases.case_files import FOLDER, Case, ReviewCase, WriteCase, read_case, read_cases
from tests.authz.cases.reviews import check_reviews
from tests.authz.cases.sight import Sight, look
from tests.authz.escalation.outcomes import DONE, mutate, outcome
from tests.authz.escalation.scenes import Scene, set_up
from tests.client.api import Api
from tests.world.world import World

_CASES = read_cases()
_cases = pytest.mark.parametrize("case", _CASES.values(), ids=_CASES.keys())


@_cases
async def test_reads(case: Case, api: Api, world: World) -> None:
    """Every caller sees the accounts that the case says, by list and by id, and may there what it says."""
    scene = await set_up(world, case)
    for name, seen in case.sees.items():
        if seen is None:
            assert await _identity(api, scene, name) == "401 UNAUTHENTICATED", name
            continue
        sight = await look(api, scene.callers[name], scene.accounts.values())
        assert sight.listed_ids == scene.ids(seen), name
        _check_permissions(case, scene, name, sight)
        _check_subaccounts(case, scene, name, sight)
        await _check_viewer_can(api, case, scene, name)


@_cases
async def test_writes(case: Case, api: Api, world: World) -> None:
    """Each write is refused to those named, with their code and without a trace, and done by one who may. The
    newest access review of each account is shown to those whom the writes so far name, and to nobody else."""
    assert case.writes, "a case shows what may not be written"
    scene = await set_up(world, case)
    reviews: dict[str, ReviewCase] = {}
    for write in case.writes:
        for name, code in write.refused.items():
            before = await scene.state()
            assert await _write(api, scene, write, name) == code, (write.call, name)
            assert await scene.state() == before, (write.call, name)
        if write.done_by is not None:
            before = await scene.state()
            assert await _write(api, scene, write, write.done_by) == DONE, (write.call, write.done_by)
            assert await scene.state() != before, (write.call, write.done_by)
        reviews |= write.reviews
        await check_reviews(api, scene, reviews)


def test_cases_that_cannot_be_meant_are_refused() -> None:
    """A name that is misspelt must not make a check disappear."""
    text = (FOLDER / "siblings.yaml").read_text("utf-8")
    read_case(text)
    for wrong in (
        text.replace("may:", "mya:"),
        text.replace("sees:", "sees:\n  nobody: []"),
        text.replace("in us:", "in moon:"),
        text.replace("done_by: anna", "done_by: nobody"),
        text.replace("ADMINISTRATOR", "EMPEROR"),
    ):
        assert wrong != text
        with pytest.raises((ValueError, TypeError, KeyError)):
            read_case(wrong)


def _check_permissions(case: Case, scene: Scene, name: str, sight: Sight) -> None:
    for may in case.may:
        allowed = may.permission.name in (sight.permissions(scene.accounts[may.account]) or ())
        assert allowed == (name in may.callers), (name, may)


async def _check_viewer_can(api: Api, case: Case, scene: Scene, name: str) -> None:
    """`viewerCan` says what `viewerPermissions` says; an account out of reach says nothing."""
    permissions = sorted({may.permission.name for may in case.may})
    questions = " ".join(f"{permission}: viewerCan(permission: {permission})" for permission in permissions)
    query = f"{{ viewer {{ accounts(first: 100) {{ nodes {{ id {questions} }} }} }} }}"
    nodes = (await api.read(query, scene.callers[name]))["viewer"]["accounts"]["nodes"]
    told = {node["id"]: node for node in nodes}
    for may in case.may:
        answer = told.get(scene.accounts[may.account].id)
        expected = name in may.callers if may.account in (case.sees[name] or ()) else None
        assert (answer and answer[may.permission.name]) is expected, (name, may)


def _check_subaccounts(case: Case, scene: Scene, name: str, sight: Sight) -> None:
    for account, lists in case.subaccounts.items():
        place = sight.places.get(scene.accounts[account].id)
        below = None if place is None else place.below
        expected = tuple(scene.ids(lists[name])) if name in lists else None
        assert below == expected, (name, account)


async def _identity(api: Api, scene: Scene, name: str) -> str:
    return outcome(await api.ask("{ viewer { id } }", scene.callers[name]), "viewer")


async def _write(api: Api, scene: Scene, write: WriteCase, name: str) -> str:
    answer = await mutate(api, write.call, scene.callers[name], await scene.resolve(write.input))
    return outcome(answer, write.call).removeprefix("401 ")
