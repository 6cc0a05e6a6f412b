"""What the model says that a viewer sees of what watches over access (N12, N13, T4, T5)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.isolation.model import Account, Key, Member, Person, Share
from tests.isolation.sight import Json, Sight, id_of
from tests.isolation.watched.model import Group, Item, Promise, Review


@dataclass(frozen=True)
class WatchedSight:
    """As one subject sees it: who sees the members of an account sees what watches over them."""

    sight: Sight

    @property
    def things(self) -> Mapping[str, Account]:
        """What has an id, and whose it is. All of it needs MEMBERS_READ."""
        world = self.sight.world
        found = {promise.id: promise.account for promise in world.promises}
        for review in world.reviews:
            found |= dict.fromkeys([review.id, *(item.id for item in review.items)], review.account)
        return found | {group.id: group.account for group in world.groups}

    def fields(self, account: Account) -> Mapping[str, list[Any]]:
        """The lists of an account."""
        world = self.sight.world
        promises = [found for found in world.promises if found.account is account and not found.ended]
        return {
            "accessPromises": [self._promise(promise) for promise in promises],
            "accessReviews": [self._review(found) for found in world.reviews if found.account is account],
            "scimGroups": [self._group(found) for found in world.groups if found.account is account],
        }

    def missing_in(self) -> list[str]:
        """The accounts that the viewer has a role or a share in, and those below that require a second factor
        themselves, as far as nothing but a factor is missing."""
        subject, world = self.sight.subject, self.sight.world
        if not isinstance(subject, Person):
            return []
        places = {m.account for m in world.members if m.person is subject and not m.ended}
        for share in world.shares:
            if share.guest is subject and share.status == "ACTIVE":
                places |= set(share.accounts)
        told = [found for found in world.accounts if found in places or found.requires_factor]
        rights = self.sight.rights
        return [each.id for each in told if rights.unreached(subject, each) == "SECOND_FACTOR_REQUIRED"]

    def _promise(self, promise: Promise) -> tuple[Any, ...]:
        roles = frozenset(role.id for role in promise.roles)
        maker = self.sight.person(promise.maker, promise.account)
        return promise.id, (promise.permission,), roles, len(promise.exceptions), maker

    def _review(self, review: Review) -> tuple[Any, ...]:
        is_open = not (review.canceled or review.is_over)
        waiting = sum(item.decision is None for item in review.items) if is_open else 0
        starter = self.sight.person(review.maker, review.account)
        items = frozenset(self._item(review, item) for item in review.items)
        return review.id, is_open, waiting, review.account.id, starter, items

    def _item(self, review: Review, item: Item) -> tuple[Any, ...]:
        subject, user, share, key = item.subject, None, None, None
        match subject:
            case Member():
                user = subject.person.id
            case Share():
                user, share = subject.guest.id if subject.guest else None, subject.id
            case Key():
                key = subject.id if self.sight.can(review.account, "API_KEYS_READ") else None
        decider = self.sight.person(item.decider, review.account)
        return item.id, item.kind, user, share, key, item.decision, decider

    def _group(self, group: Group) -> tuple[Any, ...]:
        role = self.sight.account(group.place), group.role.id
        return group.id, group.name, group.members, (role,)


def shown(field: str, node: Json) -> Any:
    """What of an item is compared."""
    match field:
        case "accessPromises":
            roles, told = frozenset(role["id"] for role in node["roles"]), node["exceptionCount"]
            return node["id"], tuple(node["permissions"]), roles, told, id_of(node["madeBy"])
        case "accessReviews":
            own = node["id"], node["isOpen"], node["waitingCount"], id_of(node["account"])
            return *own, id_of(node["startedBy"]), frozenset(map(_item, node["items"]["nodes"]))
        case _:
            given = tuple((id_of(role["account"]), id_of(role["role"])) for role in node["roles"])
            return node["id"], node["displayName"], node["memberCount"], given


def _item(node: Json) -> tuple[Any, ...]:
    named = id_of(node["user"]), id_of(node["share"]), id_of(node["apiKey"])
    return node["id"], node["kind"], *named, node["decision"], id_of(node["decidedBy"])
