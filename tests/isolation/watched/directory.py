"""What everybody tries to write as a company's directory (SCIM), with what the model says becomes of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.isolation.model import Account, Key
from tests.isolation.reading import Viewer
from tests.isolation.rights import Rights
from tests.isolation.sight import Json
from tests.isolation.site import Site
from tests.isolation.tally import Tally
from tests.isolation.watched.model import Group

_STATE = ("Users?count=100", "Groups?count=100")


@dataclass(frozen=True)
class Written:
    """A request, and the statuses of which one refuses it."""

    method: str
    path: str
    body: Json | None
    refused: frozenset[int]


@dataclass(frozen=True)
class DirectoryWriting:
    """What one subject tries on another one's directory."""

    site: Site
    rights: Rights
    viewer: Viewer
    tally: Tally

    async def compare(self, group: Group, users: list[str]) -> None:
        """Send each request. Who may write there tries nothing."""
        for written in self._tried(group, users):
            answer = await send(self.viewer, written.method, written.path, written.body)
            what = f"{self.viewer.name}: {written.method} /scim/v2/{written.path.partition('/')[0]}"
            told = "" if answer.is_success else str(answer.status_code)
            self.tally.outcome(what, frozenset(map(str, written.refused)), told)
            secrets = [group.name, *users, *(person.email for person in self.site.world.people)]
            self.tally.items(
                f"{what}: told", [], [each for each in secrets if each in _less(answer, written)]
            )

    def _tried(self, group: Group, users: list[str]) -> Iterator[Written]:
        own = self._own_directory()
        if own is group.account:
            return
        # Whoever is the directory of another tree finds nothing of this one, and enters nobody of it.
        nobody = frozenset({401, 403})
        refused, missing = (nobody, nobody) if own is None else (frozenset({400, 403}), frozenset({404}))
        group_id = group.id.partition("_")[2]
        removed = {"Operations": [{"op": "remove", "path": "members"}]}
        stranger = {"userName": self.site.email(), "active": True, "displayName": "Stranger"}
        yield Written("POST", "Users", stranger, refused)
        yield Written("PATCH", f"Groups/{group_id}", removed, missing)
        yield Written("DELETE", f"Groups/{group_id}", None, missing)
        for user in users[:1]:
            ended = {"Operations": [{"op": "replace", "value": {"active": False}}]}
            yield Written("PATCH", f"Users/{user}", ended, missing)
            yield Written("DELETE", f"Users/{user}", None, missing)

    def _own_directory(self) -> Account | None:
        """Of which master account it is the directory: a key that works there, and that reads and writes its
        members."""
        key = self.viewer.subject
        if not self.viewer.accepted or not isinstance(key, Key) or key.account.parent is not None:
            return None
        needed = frozenset({"MEMBERS_READ", "MEMBERS_WRITE"})
        return key.account if needed <= self.rights.permissions(key, key.account) else None


async def compare_directories(site: Site, rights: Rights, viewers: list[Viewer], tally: Tally) -> None:
    """Everybody tries to write into each directory. Afterwards it is as it was."""
    for group in site.world.groups:
        owners = [each for each in viewers if is_directory(site.rights, each, group)]
        if not owners:
            continue
        before = await _state(owners[0])
        users = [user["id"] for user in before[0]["Resources"]]
        for viewer in viewers:
            await DirectoryWriting(site, rights, viewer, tally).compare(group, users)
        tally.alike(f"the directory of {group.account.name}", before, await _state(owners[0]))


def is_directory(rights: Rights, viewer: Viewer, group: Group) -> bool:
    """Whether the viewer may write as the directory that has the group."""
    key = viewer.subject
    needed = frozenset({"MEMBERS_READ", "MEMBERS_WRITE"})
    is_there = isinstance(key, Key) and key.account is group.account and viewer.accepted
    return is_there and needed <= rights.permissions(key, group.account)


async def _state(directory: Viewer) -> list[Any]:
    return [(await send(directory, "GET", path, None)).json() for path in _STATE]


async def send(viewer: Viewer, method: str, path: str, body: Json | None) -> Any:
    """The answer to a request of the viewer's."""
    headers = {} if viewer.subject is None else {"authorization": f"Bearer {viewer.subject.token}"}
    return await viewer.api.http.request(method, f"/scim/v2/{path}", json=body, headers=headers)


def _less(answer: Any, written: Written) -> str:
    """The answer without what the request itself has said."""
    text: str = answer.text
    for said in (written.path.partition("/")[2], str((written.body or {}).get("userName", ""))):
        text = text.replace(said, "") if said else text
    return text
