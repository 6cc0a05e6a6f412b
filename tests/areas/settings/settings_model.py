"""A small model of settings that knows nothing of the database: what is in force where (N15)."""

from dataclasses import dataclass, field

Value = str
PLATFORM = {"TIME_ZONE": "UTC", "LANGUAGE": "en", "SENDER_NAME": None}
"""The settings that the model looks at, and what holds where nobody has set them."""
FUNCTIONS = "FIELD_FUNCTIONS"


@dataclass(frozen=True)
class Held:
    """A value that is in force, the account that it is from, and the one that this account copied it from."""

    value: Value | None
    account: str | None = None
    copied_from: str | None = None


@dataclass
class SettingsModel:
    """A tree by the names of its accounts, with what each has stored."""

    parents: dict[str, str | None]
    own: dict[tuple[str, str], Held] = field(default_factory=dict)
    """By account and setting."""
    functions: dict[tuple[str, str], Held] = field(default_factory=dict)
    """By account and name."""
    locks: set[tuple[str, str]] = field(default_factory=set)
    closed_links: set[str] = field(default_factory=set)
    """Accounts whose link lets nobody from above write."""
    works: dict[str, bool] = field(default_factory=dict)
    """What platform support has said of field functions."""

    def locked_by(self, account: str, setting: str) -> str | None:
        """The account whose lock holds here."""
        found, below = None, account
        while (above := self.parents[below]) is not None and below not in self.closed_links:
            found = above if (above, setting) in self.locks else found
            below = above
        return found

    def in_force(self, account: str, setting: str) -> Held:
        """The own value where no lock keeps it down, else what holds above."""
        own = self.own.get((account, setting))
        if own is not None and self.locked_by(account, setting) is None:
            return own
        parent = self.parents[account]
        return Held(PLATFORM[setting]) if parent is None else self.in_force(parent, setting)

    def functions_in_force(self, account: str) -> dict[str, Held]:
        """The same for each name; none where they do not work."""
        return self._inherited_functions(account) if self._functions_work(account) else {}

    def _inherited_functions(self, account: str) -> dict[str, Held]:
        parent = self.parents[account]
        above = {} if parent is None else self._inherited_functions(parent)
        if self.locked_by(account, FUNCTIONS) is not None:
            return above
        return above | {name: held for (place, name), held in self.functions.items() if place == account}

    def _functions_work(self, account: str) -> bool:
        if account in self.works:
            return self.works[account]
        parent = self.parents[account]
        return True if parent is None else self._functions_work(parent)
