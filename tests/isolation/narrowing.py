"""Narrowed tokens in random worlds: of people, of keys and of tokens, and what is tried with them."""

from collections.abc import Iterator
from dataclasses import dataclass

from tests.isolation.attempts import GIVES_ACCESS, Attempt
from tests.isolation.model import Account, Asker, Key, Token
from tests.isolation.rights import Rights
from tests.isolation.rules import EVERYTHING, named
from tests.isolation.site import Site

_OF_PEOPLE, _OF_KEYS, _OF_TOKENS = 4, 2, 2
_SOME_ACCOUNTS, _SOME_PERMISSIONS = 3, 12
_BOUNDS = {"expiresInMinutes": 60, "audience": "Widget"}


async def narrow(site: Site) -> None:
    """Some tokens of each kind, before anything is limited: later their parents have less than they name."""
    world = site.world
    for askers, most in ((world.people, _OF_PEOPLE), (world.keys, _OF_KEYS), (world.tokens, _OF_TOKENS)):
        able = [asker for asker in askers if site.rights.works(asker) and _reached(site, asker)]
        for parent in site.chance.sample(able, min(most, len(able))):
            await _narrow(site, parent)


async def end_tokens(site: Site) -> None:
    """One of those from which others were narrowed is revoked, by itself, and with it the others."""
    parents = [token.parent for token in site.world.tokens if isinstance(token.parent, Token)]
    for token in [token for token in parents if site.rights.works(token)][:1]:
        seen = [account for account in token.accounts if site.rights.reaches(token, account)]
        await site.do("tokenRevoke", token, "", narrowedTokenId=token.id)
        for account in seen:
            site.log(account, "TOKEN_REVOKED", token.root, "ACCOUNT_READ")
        token.revoked = True


async def _narrow(site: Site, parent: Asker) -> None:
    """Of all that the parent has in each of some accounts, or of a part of it."""
    accounts = site.some(_reached(site, parent), _SOME_ACCOUNTS)
    most = EVERYTHING.intersection(*(site.rights.held(parent, found) for found in accounts)) - GIVES_ACCESS
    kept = site.chance.choice([most, frozenset(site.some(sorted(most), _SOME_PERMISSIONS))])
    payload = await site.do(
        "tokenNarrow",
        parent,
        "token narrowedToken { id }",
        accountIds=[account.id for account in accounts],
        permissions=sorted(kept),
        **_BOUNDS,
    )
    token = Token(
        payload["narrowedToken"]["id"], payload["token"], parent, accounts, kept | named("ACCOUNT_READ")
    )
    site.world.tokens.append(token)
    for account in accounts:
        site.log(account, "TOKEN_NARROWED", token.root, "ACCOUNT_READ")


def _reached(site: Site, asker: Asker) -> list[Account]:
    return [account for account in site.world.accounts if site.rights.reaches(asker, account)]


@dataclass(frozen=True)
class TokenAttempts:
    """What one subject tries, as far as it is refused: what is done would stay."""

    site: Site
    rights: Rights
    subject: Asker | None

    def on_account(self, account: Account) -> Iterator[Attempt]:
        """A token with more than there is, and one that gives access."""
        for permissions in (EVERYTHING - GIVES_ACCESS, GIVES_ACCESS):
            permission = self.site.chance.choice(sorted(permissions))
            code = self._narrowing(account, permission)
            if code:
                values = {"accountIds": [account.id], "permissions": [permission], **_BOUNDS}
                yield Attempt("tokenNarrow", values, (account,), frozenset({code}))

    def on_tokens(self) -> Iterator[Attempt]:
        """The end of somebody else's."""
        for token in self.site.world.tokens:
            code = "" if self.rights.may_revoke(self.subject, token) else self._managing(token)
            if code:
                values = {"narrowedTokenId": token.id}
                yield Attempt("tokenRevoke", values, tuple(token.accounts), frozenset({code}))

    def _narrowing(self, account: Account, permission: str) -> str:
        if permission in GIVES_ACCESS:
            return "BAD_USER_INPUT"
        if not self.rights.reaches(self.subject, account):
            return self.rights.unreached(self.subject, account)
        if permission not in self.rights.held(self.subject, account):
            return f"FORBIDDEN {permission}"
        kept = self.rights.kept(self.subject, account)
        by_glass = [name for name in ("ACCOUNT_READ", permission) if name not in kept]
        return f"FORBIDDEN {by_glass[0]}" if by_glass else ""

    def _managing(self, token: Token) -> str:
        """Who manages the key's tokens may; for a person's nobody."""
        if not isinstance(token.root, Key):
            return "NOT_FOUND"
        if not self.rights.reaches(self.subject, token.root.account):
            return self.rights.unreached(self.subject, token.root.account)
        if "API_KEYS_WRITE" not in self.rights.held(self.subject, token.root.account):
            return "FORBIDDEN API_KEYS_WRITE"
        if "API_KEYS_WRITE" in self.rights.lasting(self.subject, token.root.account):
            return ""
        shared = self.rights.by_shares(self.subject, token.root.account, "API_KEYS_WRITE")
        return "REACHED_BY_SHARE" if shared else "RIGHT_ENDS"
