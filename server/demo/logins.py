"""Who can sign in to the demo by a button of GraphiQL's page."""

from server.demo.story import AGENCY, BRAND, DEMO_PASSWORD, SUPPORTER, DemoPerson
from server.pages import DemoLogin


def demo_logins() -> list[DemoLogin]:
    """The agency's people in each role, the brand's owner and guest, and the platform's staff."""
    return [
        *(_login(each.role.name, AGENCY.name, each.person) for each in AGENCY.people),
        _login("Brand owner", BRAND.name, BRAND.owner),
        *(_login("Guest", f"guest of {BRAND.name}", share.guest) for share in BRAND.shares),
        _login("Staff", "platform staff", SUPPORTER),
    ]


def _login(label: str, about: str, person: DemoPerson) -> DemoLogin:
    return DemoLogin(label.replace("_", " ").capitalize(), about, person.email, DEMO_PASSWORD)
