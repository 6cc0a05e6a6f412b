"""A page that remembers what went wrong in it."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.async_api import ConsoleMessage, Error, Page, Request


@dataclass
class Visit:
    """A browser tab at the server under test.

    `complaints` are console errors, among them every violation of the page's policy, and exceptions.
    `foreign_requests` are the addresses asked for on other hosts.
    """

    page: Page
    server_url: str
    complaints: list[str] = field(default_factory=list)
    foreign_requests: list[str] = field(default_factory=list)

    def watch(self) -> None:
        self.page.on("console", self._on_console)
        self.page.on("pageerror", self._on_exception)
        self.page.on("request", self._on_request)

    def assert_clean(self) -> None:
        assert (self.complaints, self.foreign_requests) == ([], [])

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(message.text)

    def _on_exception(self, error: Error) -> None:
        self.complaints.append(str(error))

    def _on_request(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme != "data" and address.netloc != urlsplit(self.server_url).netloc:
            self.foreign_requests.append(request.url)
