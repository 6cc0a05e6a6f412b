"""What happens behind the API, or comes back by itself, breaks no promise."""

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from models.accounts.tables import AccountStatus, ParentAccess
from tests.areas.access_review.giving import make_due, work
from tests.areas.access_review.matrix import in_ten_days
from tests.areas.effects.log import mail_to
from tests.areas.promises.scene import ADMINISTRATOR, ALLOWED, Scene
from tests.client.links import set_parent_access
from tests.client.mutations import attempt, code_of, done
from tests.world.shares import Given, give_share

_REVIEWS = "query ($id: ID!) { account(id: $id) { accessReviews { nodes { id } } } }"
_ACCESS = """query ($id: ID!) { account(id: $id) { accessMatrix(first: 100) { nodes {
  subjectId permissions } } } }"""


async def _access(scene: Scene) -> dict[str, set[str]]:
    found = await scene.api.read(_ACCESS, scene.owner, id=scene.account.id)
    return {each["subjectId"]: set(each["permissions"]) for each in found["account"]["accessMatrix"]["nodes"]}


async def test_the_end_of_a_review_gives_nobody_anything(scene: Scene, application: AsyncEngine) -> None:
    """Nobody confirmed anything, so the worker ends a membership, a share and a key. Others keep theirs."""
    await scene.promise()
    guest = await scene.world.person()
    await give_share(scene.world, [scene.account], guest, scene.owner.person, Given(BuiltinRole.ANALYST))
    await scene.world.api_key(scene.account, BuiltinRole.FINANCE)
    values = {"accountId": scene.account.id, "endsAt": in_ten_days()}
    await done(scene.api, "accessReviewStart", scene.owner, **values)
    found = await scene.api.read(_REVIEWS, scene.owner, id=scene.account.id)
    (review,) = found["account"]["accessReviews"]["nodes"]
    before = await _access(scene)
    await make_due(scene.world, review["id"], at_the_end=True)
    await work(application, scene.account, review["id"])
    after = await _access(scene)
    assert after.keys() < before.keys()
    assert all(after[subject] == before[subject] for subject in after)
    readers = {subject for subject, held in after.items() if "INVOICES_READ" in held}
    assert readers == {scene.owner.person.id}


@pytest.mark.parametrize("status", [AccountStatus.SUSPENDED, AccountStatus.CLOSED])
async def test_what_comes_back_with_the_account_has_been_counted(scene: Scene, status: AccountStatus) -> None:
    """Meanwhile nobody above gets what they would have once the account works again."""
    await set_parent_access(scene.world, scene.account, ParentAccess.FULL)
    wanted = {"accountId": scene.account.id, "permission": "INVOICES_WRITE", "roleIds": ALLOWED}
    assert await code_of(scene.api, "accessPromiseCreate", scene.owner, **wanted) == ""
    await scene.world.set_status(scene.account, status)
    before = await scene.world.state(scene.master)
    key = {"accountId": scene.master.id, "name": "Robot", "roleId": ADMINISTRATOR}
    assert await code_of(scene.api, "apiKeyCreate", scene.chief, **key) == "PROMISE_BROKEN"
    invited = {"accountId": scene.master.id, "email": "ivy@example.com", "roleId": ADMINISTRATOR}
    invite = code_of(scene.api, "memberInvite", scene.chief, **invited, idempotencyKey="1")
    assert await invite == "PROMISE_BROKEN"
    assert await scene.world.state(scene.master) == before


async def test_what_was_offered_before_is_held_when_it_is_accepted(scene: Scene) -> None:
    """To a promise that was made meanwhile, and once that has ended to none."""
    person = await scene.world.person()
    invited = {"accountId": scene.account.id, "email": person.email, "roleId": ADMINISTRATOR}
    await done(scene.api, "memberInvite", scene.owner, **invited, idempotencyKey="1")
    promise = await scene.promise()
    token = (await mail_to(scene.world.database, person.email)).token
    before = await _access(scene)
    assert (await attempt(scene.api, "invitationAccept", person, token=token)).code == "PROMISE_BROKEN"
    assert await _access(scene) == before
    await done(scene.api, "accessPromiseEnd", scene.owner, accessPromiseId=promise)
    assert await code_of(scene.api, "invitationAccept", person, token=token) == ""
