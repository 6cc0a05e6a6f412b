"""The links of one message."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from models.base.ids import AccountId, MasterId, MessageId
from resolvers.templates.tracking_links import Click, LinkSigner, LinkUse, TrackedLink

OPEN_PATH = "/o/"
CLICK_PATH = "/c/"
UNSUBSCRIBE_PATH = "/u/"
"""What follows is a token, which lets whoever has it speak for the recipient."""


def link_base(public_url: str, tracking_domain: str | None) -> str:
    """What the links of an account's messages begin with: its verified tracking domain, if it has one, else
    the deployment. Both are reached by the scheme of `public_url`."""
    if tracking_domain is None:
        return public_url.rstrip("/")
    return f"{urlsplit(public_url).scheme}://{tracking_domain}"


@dataclass(frozen=True, kw_only=True)
class MessageLinks:
    """Makes them. `base`: see `link_base`."""

    signer: LinkSigner
    base: str
    master_id: MasterId
    account_id: AccountId
    message_id: MessageId

    def open_url(self) -> str:
        """Of a picture that is loaded when the message is shown."""
        return f"{self.base}{OPEN_PATH}{self._token(LinkUse.OPEN)}"

    def click_url(self, click: Click) -> str:
        """Leads where the click does. Raises ValueError for one that cannot be tracked."""
        return f"{self.base}{CLICK_PATH}{self._token(LinkUse.CLICK, click)}"

    def unsubscribe_url(self) -> str:
        """Unsubscribes the recipient, after it said so there."""
        return f"{self.base}{UNSUBSCRIBE_PATH}{self._token(LinkUse.UNSUBSCRIBE)}"

    def unsubscribe_headers(self) -> Mapping[str, str]:
        """What lets mail programs unsubscribe with one click (RFC 8058). The DKIM signature has to cover
        both."""
        return {
            "List-Unsubscribe": f"<{self.unsubscribe_url()}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }

    def _token(self, use: LinkUse, click: Click | None = None) -> str:
        return self.signer.token(
            TrackedLink(
                use=use,
                master_id=self.master_id,
                account_id=self.account_id,
                message_id=self.message_id,
                click=click,
            )
        )
