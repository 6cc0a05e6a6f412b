"""Who is in the demo: an agency with six clients, a brand with three teams, and the platform itself."""

from dataclasses import dataclass

from authz.policy.builtin_roles import BuiltinRole
from authz.policy.permissions import Area
from models.accounts.tables import Currency, RightsInheritance
from models.block_list.tables import BlockReason
from models.plans.catalogue import CataloguePlan
from models.sending.tables import SendStream

DEMO_PASSWORD = "demo-password"  # noqa: S105 - everybody may know it
"""The password of every person of the demo."""


@dataclass(frozen=True)
class DemoPerson:
    """Somebody who signs in as `first.last@example.com`."""

    name: str

    @property
    def email(self) -> str:
        """The address, made of the name."""
        return f"{self.name.lower().replace(' ', '.')}@example.com"


@dataclass(frozen=True)
class DemoMember:
    """A person in a role of an account."""

    person: DemoPerson
    role: BuiltinRole


@dataclass(frozen=True)
class DemoPlan:
    """A plan, and the IANA zone that its cycles are counted in."""

    plan: CataloguePlan
    time_zone: str


@dataclass(frozen=True)
class DemoSends:
    """A message to each of the readers with these numbers, both included. `label`: its campaign, if it is
    marked."""

    first: int
    last: int
    stream: SendStream = SendStream.MARKETING
    label: str | None = None


@dataclass(frozen=True)
class DemoRules:
    """What an account has decided, and whom it does not send to any more. `quiet_hours`: from and until;
    `domain`: what it sends from; `reviewed`: whether it has asked the staff to review its contacts;
    `webhook`: where a master account's events went, until nobody was there any more."""

    language: str
    sender_name: str
    quiet_hours: tuple[str, str]
    blocked: tuple[tuple[BlockReason, str], ...]
    unsubscribed: str
    bounced: str
    domain: str | None = None
    reviewed: bool = False
    webhook: str | None = None


@dataclass(frozen=True)
class DemoAccount:
    """A subaccount. `owner` was invited to own it and accepted; who is in `invited` has not answered yet.
    `credit`: what it got for a balance of its own, in micro-units; None: it draws from the pool above.
    `send_cap`: how much it may send in a cycle; `sends`: what it has sent; `rules`: its own, since now."""

    name: str
    external_id: str
    owner: DemoPerson | None = None
    members: tuple[DemoMember, ...] = ()
    invited: DemoMember | None = None
    suspended_because: str | None = None
    credit: int | None = None
    send_cap: int | None = None
    sends: tuple[DemoSends, ...] = ()
    rules: DemoRules | None = None
    subaccounts: tuple["DemoAccount", ...] = ()


@dataclass(frozen=True)
class DemoShare:
    """Some of a tree's accounts, opened to a person who has a master account of its own."""

    guest: DemoPerson
    own_account: str
    accounts: tuple[str, ...]
    role: BuiltinRole
    hidden_areas: frozenset[Area]


@dataclass(frozen=True)
class DemoTree:
    """A master account, the people in it, and the accounts below it. `credit`: what it bought, in
    micro-units; `plan` None: what every tree begins with; `first_reader`: the number of the first of its own
    contacts, if it has any; `rules`: its own, since now."""

    name: str
    owner: DemoPerson
    members: tuple[DemoMember, ...]
    rights_inheritance: RightsInheritance
    currency: Currency
    credit: int
    subaccounts: tuple[DemoAccount, ...]
    shares: tuple[DemoShare, ...] = ()
    plan: DemoPlan | None = None
    first_reader: int | None = None
    rules: DemoRules | None = None

    @property
    def people(self) -> tuple[DemoMember, ...]:
        """Everybody in the master account, the owner first."""
        return (DemoMember(self.owner, BuiltinRole.OWNER), *self.members)


# She works for a client of the agency and for the brand (R50, R52).
_FREELANCER = DemoPerson("Lena Fischer")

AGENCY = DemoTree(
    name="Northlight Agency",
    owner=DemoPerson("Anna Berger"),
    members=(
        DemoMember(DemoPerson("Ben Carter"), BuiltinRole.ADMINISTRATOR),
        DemoMember(DemoPerson("Chiara Rossi"), BuiltinRole.DEVELOPER),
        DemoMember(DemoPerson("David Novak"), BuiltinRole.FINANCE),
        DemoMember(DemoPerson("Elena Popescu"), BuiltinRole.MARKETER),
        DemoMember(DemoPerson("Farid Haddad"), BuiltinRole.ANALYST),
    ),
    rights_inheritance=RightsInheritance.ADMINISTRATORS,
    currency=Currency.EUR,
    credit=2_500_000_000,
    subaccounts=(
        DemoAccount(
            name="Harbour Hotel",
            external_id="C-1001",
            owner=DemoPerson("Grace Miller"),
            # Its spa draws from it (R43).
            credit=300_000_000,
            members=(DemoMember(DemoPerson("Ines Silva"), BuiltinRole.MARKETER),),
            sends=(DemoSends(1, 1200),),
            # Its spa inherits the settings and the block list, and nothing else of it (R76, R78, R79, R83).
            rules=DemoRules(
                language="en-GB",
                sender_name="Harbour Hotel",
                quiet_hours=("21:00", "08:00"),
                blocked=(
                    (BlockReason.MANUAL, "press@example.org"),
                    (BlockReason.COMPLAINT, "reader12@example.com"),
                ),
                unsubscribed="reader7@example.com",
                bounced="reader9@example.com",
                domain="news.harbour-hotel.example.com",
                reviewed=True,
            ),
            # To guests of the hotel: they are active already.
            subaccounts=(
                DemoAccount(name="Harbour Hotel Spa", external_id="C-1001-S", sends=(DemoSends(1, 450),)),
            ),
        ),
        DemoAccount(
            name="Riverside Books",
            external_id="C-1002",
            owner=DemoPerson("Hiro Tanaka"),
            members=(DemoMember(_FREELANCER, BuiltinRole.MARKETER),),
            send_cap=5_000,
            sends=(DemoSends(1001, 2100),),
        ),
        DemoAccount(
            name="Café Lumière",
            external_id="C-1003",
            invited=DemoMember(DemoPerson("Jonas Weber"), BuiltinRole.OWNER),
        ),
        DemoAccount(
            name="Okafor Dental Care",
            external_id="C-1004",
            members=(DemoMember(DemoPerson("Kemi Okafor"), BuiltinRole.ANALYST),),
        ),
        DemoAccount(
            name="Alpine Cycling",
            external_id="C-1005",
            members=(DemoMember(DemoPerson("Marco Keller"), BuiltinRole.ADMINISTRATOR),),
            suspended_because="Two invoices are unpaid.",
        ),
    ),
    plan=DemoPlan(CataloguePlan.STARTER, "Europe/Berlin"),
    # Its people in the narrower roles see this account alone. GraphiQL's tabs name these contacts.
    first_reader=3001,
    rules=DemoRules(
        language="de",
        sender_name="Northlight",
        quiet_hours=("20:00", "07:00"),
        blocked=((BlockReason.MANUAL, "rival@example.org"),),
        unsubscribed="reader3007@example.com",
        bounced="reader3009@example.com",
        webhook="https://hooks.northlight.example.com/mandant",
    ),
)

BRAND = DemoTree(
    name="Verdant Foods",
    owner=DemoPerson("Maria Santos"),
    members=(
        DemoMember(DemoPerson("Noah Smith"), BuiltinRole.ADMINISTRATOR),
        DemoMember(DemoPerson("Olga Ivanova"), BuiltinRole.FINANCE),
    ),
    # The brand's finance sees all of its teams (R66, R73).
    rights_inheritance=RightsInheritance.ALL_ROLES,
    currency=Currency.USD,
    credit=900_000_000,
    subaccounts=(
        DemoAccount(
            name="Marketing US",
            external_id="marketing-us",
            members=(DemoMember(DemoPerson("Paul Johnson"), BuiltinRole.MARKETER),),
            sends=(DemoSends(1, 900, label="Spring"), DemoSends(301, 1500, label="Summer")),
        ),
        DemoAccount(
            name="Marketing UK",
            external_id="marketing-uk",
            members=(
                DemoMember(_FREELANCER, BuiltinRole.MARKETER),
                DemoMember(DemoPerson("Priya Shah"), BuiltinRole.ANALYST),
            ),
            send_cap=20_000,
            sends=(DemoSends(2001, 2600),),
        ),
        DemoAccount(
            name="Transactional",
            external_id="transactional",
            members=(DemoMember(DemoPerson("Quentin Dubois"), BuiltinRole.DEVELOPER),),
            sends=(DemoSends(1, 40, SendStream.TRANSACTIONAL),),
        ),
    ),
    # A designer from outside works on both teams' campaigns, and sees nobody's addresses (R31).
    shares=(
        DemoShare(
            guest=DemoPerson("Rosa Lindqvist"),
            own_account="Lindqvist Studio",
            accounts=("Marketing US", "Marketing UK"),
            role=BuiltinRole.MARKETER,
            hidden_areas=frozenset({Area.CONTACTS}),
        ),
    ),
    plan=DemoPlan(CataloguePlan.GROWTH, "America/New_York"),
    first_reader=3001,
)

SUPPORTER = DemoPerson("Sam Rivera")
"""Of the platform's own staff."""

# The platform's people have an account like everybody; that they are staff gives them nothing in the others.
PLATFORM = DemoTree(
    name="Mandant Support",
    owner=DemoPerson("Tara Lindholm"),
    members=(DemoMember(SUPPORTER, BuiltinRole.ANALYST),),
    rights_inheritance=RightsInheritance.ADMINISTRATORS,
    currency=Currency.EUR,
    credit=10_000_000,
    subaccounts=(),
)

TREES = (AGENCY, BRAND, PLATFORM)
