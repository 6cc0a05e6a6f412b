"""The end of access reviews by the worker, and what everybody has afterwards."""

from tests.isolation.model import Account, Key, Member, Person, Share
from tests.isolation.reading import Viewer
from tests.isolation.rights import Rights
from tests.isolation.sight import Sight
from tests.isolation.site import Site
from tests.isolation.tally import Tally
from tests.isolation.watched.model import Item, Review
from tests.isolation.watched.reading import WatchedReading

_ACCOUNTS = "{ viewer { accounts(first: 50) { nodes { id viewerPermissions } } } }"
_READERS = 4
"""Of those who see it how many read the reviews again."""


async def end_reviews(site: Site) -> None:
    """Their time is over: what nobody has confirmed ends in the account of the review, and nothing else."""
    for review in site.world.reviews:
        if review.canceled or review.is_over:
            continue
        await site.behind.end_review(review.account.master.id, review.id)
        review.is_over = True
        for item in review.items:
            if item.decision is None:
                _end(site, review, item)


def _end(site: Site, review: Review, item: Item) -> None:
    subject = item.subject
    owns = isinstance(subject, Member) and subject.role is site.world.role("OWNER")
    item.decision = "CONFIRMED" if owns else "ENDED"
    match subject:
        case Member():
            subject.ended = subject.removed = subject.removed or not owns
        case Key():
            subject.revoked = True
        case Share():
            _close(subject, review.account)


def _close(share: Share, account: Account) -> None:
    """The account is no longer opened by it. A share that opens no other account is revoked."""
    if share.status != "ACTIVE" or account not in share.accounts:
        return
    if share.accounts == [account]:
        share.status = "REVOKED"
    else:
        share.accounts.remove(account)


async def compare_ended(site: Site, rights: Rights, viewers: list[Viewer], tally: Tally) -> None:
    """What each of them may do in every account, and what the reviews say."""
    readers = 0
    for viewer in viewers:
        answer = await viewer.api.ask(_ACCOUNTS, viewer.subject)
        subject = viewer.subject if viewer.accepted else None
        tally.fact(f"{viewer.name}: accepted", viewer.accepted or None, not answer.errors or None)
        nodes = [] if answer.errors else answer.data["viewer"]["accounts"]["nodes"]
        found = {node["id"]: frozenset(node["viewerPermissions"]) for node in nodes}
        for account in site.world.accounts:
            what = f"{viewer.name}: after the review in {account.name}"
            tally.rights(what, rights.permissions(subject, account), found.get(account.id, frozenset()))
        if readers < _READERS and isinstance(subject, Person):
            readers += 1
            await WatchedReading(Sight(site.world, rights, subject), viewer, tally).compare()
