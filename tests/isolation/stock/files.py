"""Compares what a viewer exports with what the model says, and that a refused import is no job."""

from tests.isolation.model import Account
from tests.isolation.stock.asking import StockAsking

_SOME = 2
"""Of so many accounts a viewer asks for files."""


class StockFiles(StockAsking):
    """All files that one viewer asks for."""

    async def compare(self) -> None:
        """Of the whole account, of a list, and of one by the other."""
        for account in self.viewer.chance.sample(self.world.accounts, min(_SOME, len(self.world.accounts))):
            await self._compare_export(account, "accountId", account.id)
            await self._compare_export(account, "contactListId", self.world.stock(account).list_id)
            await self._compare_import(account)

    async def _compare_export(self, account: Account, parameter: str, id_: str) -> None:
        code = self._refusal(account, "CONTACTS_READ", self.sight.can(account, "CONTACTS_READ"))
        answer = await self.viewer.api.http.get("/contacts", params={parameter: id_}, headers=self._headers)
        what = f"export by {parameter}, account {account.name}"
        told = "" if answer.is_success else answer.json()["errors"][0]["extensions"]["code"]
        self.fact(f"{what}: refusal", code or None, told or None)
        lines = answer.text.splitlines()[1:] if answer.is_success else []
        emails = [line.split(",")[1] for line in lines]
        self.items(what, [] if code else [self.world.stock(account).email], emails)

    async def _compare_import(self, account: Account) -> None:
        """As far as it is refused: what is done would stay."""
        can = account.status == "ACTIVE" and self.sight.can(account, "CONTACTS_WRITE")
        code = self._refusal(account, "CONTACTS_WRITE", can)
        if not code:
            return
        if code == "NOT_FOUND":
            code = self.sight.rights.unreached(self.sight.subject, account)
        query, headers = {"accountId": account.id}, {**self._headers, "content-type": "text/csv"}
        content = b"email\nnobody@example.com\n"
        answer = await self.viewer.api.http.post("/contacts", params=query, content=content, headers=headers)
        what = f"import, account {account.name}"
        told = None if answer.is_success else answer.json()["errors"][0]["extensions"]["code"]
        self.fact(what, code, told)

    def _refusal(self, account: Account, permission: str, can: bool) -> str:
        """Why it is refused; files are refused with the code alone."""
        if not self.viewer.accepted:
            return "UNAUTHENTICATED"
        if not self.sight.account(account):
            return "NOT_FOUND"
        if can:
            return ""
        held = self.sight.rights.held(self.sight.subject, account)
        return f"ACCOUNT_{account.status}" if permission in held else "FORBIDDEN"

    @property
    def _headers(self) -> dict[str, str]:
        subject = self.viewer.subject
        return {} if subject is None else {"authorization": f"Bearer {subject.token}"}
