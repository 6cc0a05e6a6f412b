"""What the model says that a viewer sees of what accounts write with (R67, R76, R78, R79, R83)."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.isolation.model import Account, Block, Person, Stock
from tests.isolation.sight import Sight
from tests.isolation.stock.giving import TIER

HIDDEN = "hidden"
"""In place of an id that the world does not know: of an entry that an account out of reach has made."""


@dataclass(frozen=True)
class StockSight:
    """As one subject sees it. Contacts, unsubscribes and bounces are of one account; block entries and
    settings hold below it too."""

    sight: Sight

    @property
    def things(self) -> Mapping[str, tuple[Account, str]]:
        """What has an id: whose it is, and what it needs."""
        found: dict[str, tuple[Account, str]] = {}
        for stock in self.sight.world.stocks:
            of_contacts = [stock.contact_id, stock.list_id, *stock.job_ids]
            own = dict.fromkeys(of_contacts, "CONTACTS_READ") | {stock.review_id: "SETTINGS_READ"}
            own |= {stock.template_id: "TEMPLATES_READ"}
            domain_ids = [stock.domain_id, *(id_ for id_, _ in stock.further_domains)]
            own |= dict.fromkeys(domain_ids, "DOMAINS_READ") if _is_open(stock) else {}
            if stock.webhook_id is not None and _is_open(stock):
                own[stock.webhook_id] = "WEBHOOKS_READ"
            found |= {id_: (stock.account, needed) for id_, needed in own.items()}
        return found

    @property
    def crossed(self) -> list[str]:
        """Ids that name what one account has as another's: nothing has them."""
        stocks = self.sight.world.stocks
        pairs = zip(stocks, [*stocks[1:], stocks[0]], strict=True)
        return [
            "_".join([*own.split("_")[:-1], other.split("_")[-1]])
            for stock, another in pairs
            for own, other in (
                (stock.contact_id, another.contact_id),
                (stock.list_id, another.list_id),
                (stock.template_id, another.template_id),
            )
        ]

    def fields(self, account: Account, wanted: Stock) -> Mapping[str, Any]:
        """The fields of an account. The filters ask for what `wanted` has."""
        stock, here = self.sight.world.stock(account), account.id
        prefix = wanted.email[:-1]
        contacts, found = [stock.contact_id], [stock.contact_id] if stock is wanted else []
        return {
            "contacts": [(stock.contact_id, stock.email, (stock.list_id,))],
            "byEmail": found,
            "byPrefix": contacts if stock.email.startswith(prefix) else [],
            "byExternalId": found,
            "byAttribute": found,
            "inList": found,
            "contactLists": [(stock.list_id, 1, ((stock.contact_id, stock.email),))],
            "listsFound": [stock.list_id] if wanted.list_name in stock.list_name else [],
            "contactAttributes": [TIER, stock.attribute],
            "jobs": [(job_id, here) for job_id in stock.job_ids],
            "domains": [
                (*domain, here) for domain in ((stock.domain_id, stock.domain), *stock.further_domains)
            ]
            if _is_open(stock)
            else [],
            "webhooks": [(stock.webhook_id, stock.webhook, here)]
            if stock.webhook_id is not None and _is_open(stock)
            else [],
            "settings": self._sender_name(stock),
            "review": self._review(stock),
            "templates": [(stock.template_id, stock.template_name, (1,))],
            "templatesFound": [stock.template_id]
            if stock.template_name.startswith(wanted.template_name)
            else [],
        }

    def _review(self, stock: Stock) -> tuple[str, str, int | None, str]:
        status = "WITHDRAWN" if stock.account.own_status == "CLOSED" else "OPEN"
        contacts = 1 if self.sight.can(stock.account, "CONTACTS_READ") else None
        return stock.review_id, status, contacts, stock.account.id

    def _sender_name(self, stock: Stock) -> tuple[Any, ...]:
        account = stock.account
        found = self._in_force(account)
        origin, value, giver = "PLATFORM", None, None
        if found is not None:
            origin, value = ("OWN" if found is stock else "INHERITED"), found.sender_name
            giver = None if found is stock else self.sight.account(found.account)
        lock = self._lock(account)
        locker = None if lock is None else self.sight.account(lock)
        return value, stock.sender_name, origin, lock is not None, stock.locks, giver, locker

    def value(self, account: Account) -> str | None:
        """The sender's name that is in force."""
        found = self._in_force(account)
        return None if found is None else found.sender_name

    def _in_force(self, account: Account) -> Stock | None:
        """The nearest value on the path that no lock keeps down."""
        for place in reversed(account.path):
            stock = self.sight.world.stock(place)
            if stock.sender_name is not None and self._lock(place) is None:
                return stock
        return None

    def _lock(self, account: Account) -> Account | None:
        """The highest account above whose lock reaches it: as far as SETTINGS_WRITE passes down."""
        for place in account.above:
            reaches = "SETTINGS_WRITE" in self.sight.rights.passed(place, account)
            if reaches and self.sight.world.stock(place).locks:
                return place
        return None

    def entries(self, account: Account, *, inherited: bool) -> list[tuple[Any, ...]]:
        """The block list of an account, with the entries of those above it or without."""
        makers = account.path if inherited else [account]
        return [self._entry(account, block) for block in self.sight.world.blocks if block.account in makers]

    def _entry(self, account: Account, block: Block) -> tuple[Any, ...]:
        """Below, its hash is shown; the rest to who sees the list that it is on."""
        maker, can = block.account, self.sight.can
        known = can(maker, "BLOCK_LIST_READ")
        person = isinstance(block.maker, Person)
        enterer = block.maker.id if can(maker, "MEMBERS_READ" if person else "API_KEYS_READ") else None
        return (
            block.id if self.sight.account(maker) else HIDDEN,
            block.address if known else None,
            hash_of(block.address),
            "A letter" if known else None,
            enterer,
            maker is not account,
            None if maker is account else self.sight.account(maker),
        )

    def deliverability(self, account: Account, address: str) -> tuple[Any, ...]:
        """Whether each stream reaches the address, and what prevents it."""
        stock = self.sight.world.stock(account)
        found = [
            (
                "BLOCK_LIST",
                block.account is not account,
                self.sight.account(block.account),
                "BLOCKING_ACCOUNT",
            )
            for block in self.sight.world.blocks
            if block.address == address and block.account in account.path
        ]
        if address == stock.unsubscribed:
            found.append(("UNSUBSCRIBE", False, account.id, "RECIPIENT"))
        if address == stock.bounced:
            found.append(("BOUNCE", False, account.id, "NOBODY"))
        transactional = all(cause == "UNSUBSCRIBE" for cause, *_ in found)
        return not found, transactional, frozenset(found)


def hash_of(address: str) -> str:
    """As partners compare it."""
    return hashlib.sha256(address.encode()).hexdigest()


def _is_open(stock: Stock) -> bool:
    """A closed account has no domain and no webhook."""
    return stock.account.own_status != "CLOSED"
