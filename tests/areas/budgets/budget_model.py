"""A small model of budgets that knows nothing of the database: loads and pools in plain Python (N10, T18).

Whatever is promised to an account and not used yet weighs on what it comes from as if it were used. A booking
may not lift a load over its limit; where a load is above already, only what does not lift it is booked.
"""

from dataclasses import dataclass, field

LIVE, COMMITTED, LAPSED, GONE = "live", "committed", "lapsed", "gone"


@dataclass
class Booked:
    """A reservation. `subscriber`: whose cycle it is in."""

    id: str
    account: str
    subscriber: str
    payer: str
    sends: int
    price: int
    cycle: int
    status: str = LIVE


@dataclass
class Limits:
    """Of one account in one currency."""

    cap: int | None = None
    guarantee: int = 0


@dataclass(frozen=True)
class Verdict:
    """What becomes of a booking; without a code it is done."""

    code: str
    price: int


@dataclass
class Model:
    """A tree by the names of its accounts, with what was booked so far."""

    parents: dict[str, str | None]
    plans: dict[str, tuple[int, int | None]]
    """Sends of a cycle, and the price of one beyond, of those that have a plan."""
    credit: dict[str, int]
    """Of those with a balance of their own."""
    sends: dict[str, Limits] = field(default_factory=dict)
    money: dict[str, Limits] = field(default_factory=dict)
    booked: list[Booked] = field(default_factory=list)
    cycle: int = 0

    def path(self, account: str) -> list[str]:
        """The account and all above it, from below."""
        parent = self.parents[account]
        return [account, *([] if parent is None else self.path(parent))]

    def below(self, account: str) -> set[str]:
        """The account and all below it."""
        return {one for one in self.parents if account in self.path(one)}

    def subscriber(self, account: str) -> str:
        """Whose plan it uses."""
        return next(one for one in self.path(account) if one in self.plans)

    def pool(self, account: str) -> str:
        """Whose credit it spends."""
        return next(one for one in self.path(account) if one in self.credit)

    def used_sends(self, account: str, subscriber: str | None = None) -> int:
        """In the current cycle, by the account and all below it."""
        return sum(
            one.sends
            for one in self._counted(account)
            if one.status != LAPSED and subscriber in (None, one.subscriber)
        )

    def used_money(self, account: str, pool: str, counting: str | None = None) -> int:
        """The same of a pool's credit: what has lapsed is given back by who counts in its subscription."""
        return sum(
            one.price
            for one in self._counted(account)
            if one.payer == pool and not (one.status == LAPSED and one.subscriber == counting)
        )

    def taken(self, account: str) -> list[Booked]:
        """What the account and all below it hold of its pool in the current cycle."""
        pool = self.pool(account)
        return [one for one in self._counted(account) if one.payer == pool]

    def _counted(self, account: str) -> list[Booked]:
        below = self.below(account)
        return [
            one
            for one in self.booked
            if one.account in below and one.cycle == self.cycle and one.status != GONE
        ]

    def kept_sends(self, account: str) -> int:
        """What is left of the guarantee of the account's."""
        parent = self.parents[account]
        if parent is None or account in self.plans or parent not in self.plans:
            return 0
        return max(self.sends.get(account, Limits()).guarantee - self.used_sends(account, parent), 0)

    def kept_money(self, account: str, counting: str | None = None) -> int:
        """The same of credit."""
        parent = self.parents[account]
        if parent is None or account in self.credit or parent not in self.credit:
            return 0
        guarantee = self.money.get(account, Limits()).guarantee
        return max(guarantee - self.used_money(account, parent, counting), 0)

    def plan_load(self, subscriber: str) -> int:
        """What weighs on a plan."""
        own = sum(
            one.sends
            for one in self._counted(next(iter(self.parents)))
            if one.subscriber == subscriber and one.status != LAPSED
        )
        return own + sum(self.kept_sends(one) for one in self.parents if self.parents[one] == subscriber)

    def cap_load(self, account: str) -> int:
        """What weighs on a cap of sends."""
        return self.used_sends(account) + sum(self.kept_sends(one) for one in self.below(account))

    def pool_kept(self, pool: str, counting: str | None = None) -> int:
        """What a pool keeps for those to whom it is promised."""
        return sum(self.kept_money(one, counting) for one in self.parents if self.parents[one] == pool)

    def spendable(self, account: str) -> int:
        """What is in the account's pool once its subscription has been given back what lapsed."""
        pool, subscriber = self.pool(account), self.subscriber(account)
        lapsed = [one for one in self.booked if one.status == LAPSED]
        return self.credit[pool] + sum(
            one.price for one in lapsed if one.payer == pool and one.subscriber == subscriber
        )

    def book(self, account: str, sends: int) -> tuple[Verdict, Booked]:
        """What becomes of so many sends. Nothing is kept of it."""
        subscriber, pool = self.subscriber(account), self.pool(account)
        limit, send_price = self.plans[subscriber]
        capped = [one for one in self.path(account) if self.sends.get(one, Limits()).cap is not None]
        before = {one: self.cap_load(one) for one in capped}
        load, kept = self.plan_load(subscriber), self.pool_kept(pool, subscriber)
        wanted = Booked("", account, subscriber, pool, sends, 0, self.cycle)
        self.booked.append(wanted)
        beyond = max(self.plan_load(subscriber) - max(limit, load), 0)
        wanted.price = beyond * (send_price or 0)
        code = self._refusal(wanted, beyond, before, kept)
        self.booked.remove(wanted)
        return Verdict(code, wanted.price), wanted

    def _refusal(self, wanted: Booked, beyond: int, before: dict[str, int], kept: int) -> str:
        if beyond and self.plans[wanted.subscriber][1] is None:
            return "SEND_LIMIT_REACHED"
        for one, load in before.items():
            cap = self.sends[one].cap
            assert cap is not None
            if self.cap_load(one) > max(cap, load):
                return "SEND_CAP_REACHED"
        for one in self.path(wanted.account):
            cap = self.money.get(one, Limits()).cap
            applies = cap is not None and self.pool(one) == wanted.payer and one not in self.credit
            if (
                wanted.price
                and applies
                and self.used_money(one, wanted.payer, wanted.subscriber) > (cap or 0)
            ):
                return "CREDIT_CAP_REACHED"
        left = self.spendable(wanted.account) - wanted.price
        kept_after = self.pool_kept(wanted.payer, wanted.subscriber)
        promised = kept - kept_after == wanted.price
        return "" if left >= 0 and (promised or left >= kept_after) else "INSUFFICIENT_CREDIT"

    def give_back(self, subscriber: str) -> None:
        """What has lapsed in a subscription, as whoever counts in it does."""
        for one in self.booked:
            if one.status == LAPSED and one.subscriber == subscriber:
                self.release(one)

    def release(self, one: Booked) -> None:
        """It holds nothing any more."""
        one.status = GONE
        self.credit[one.payer] += one.price
