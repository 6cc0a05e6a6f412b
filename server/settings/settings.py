"""What can be set from outside, all through environment variables."""

from decimal import Decimal
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr, ValidationInfo, computed_field, field_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from engine.limits.operation import COST_LIMIT
from resolvers.billing.status_history import SuspendedAccounts
from resolvers.review.policy import ReviewPolicy
from resolvers.staff.request_subaccounts import SubaccountSetUp
from server.fairness.cost_budgets import OF_A_PRINCIPAL, OF_A_TREE
from server.settings import values
from server.settings.issuer import IssuerSettings
from server.settings.local import reaches_others
from server.settings.payments import PaymentProviderName
from server.settings.variables import known_variables

DatabaseUrl = Annotated[str, AfterValidator(values.database_url)]
_LARGEST_BUDGET = 100_000_000
_SLOWEST_RESTORING = 1_000
"""A second. So each budget is full again before its row is deleted (see `resolvers.effects.retentions`)."""

ReplicaUrl = Annotated[str, AfterValidator(values.replica_url)]


class Settings(BaseSettings):
    """Read once when a process starts; `docs/operate/configuration.md` lists them."""

    model_config = SettingsConfigDict(
        env_prefix="MANDANT_",
        env_ignore_empty=True,
        env_nested_delimiter="_",
        env_nested_max_split=1,
        frozen=True,
        extra="ignore",
        populate_by_name=True,
    )

    database_url: DatabaseUrl | None = Field(
        default=None,
        validation_alias="DATABASE_URL",
        description="PostgreSQL 15 or newer, as postgresql://...; left out: the embedded one.",
    )
    read_url: ReplicaUrl | None = Field(
        default=None,
        description="A streaming replica of the database, as postgresql://...; compiled reads go there.",
    )
    migration_database_url: DatabaseUrl | None = Field(
        default=None, description="The same database as its owner, for `mandant migrate`."
    )
    folder: Path = Field(default=Path(".mandant"), description="Where the embedded PostgreSQL lives.")
    host: Annotated[str, AfterValidator(values.host)] = Field(
        default="127.0.0.1", validation_alias="HOST", description="Address to listen on."
    )
    port: int = Field(default=8000, validation_alias="PORT", ge=0, le=65535, description="Port to listen on.")
    public_url: Annotated[str, AfterValidator(values.public_url)] | None = Field(
        default=None, description="Where people reach the server; links in e-mails begin with it."
    )
    app_url: Annotated[str, AfterValidator(values.public_url)] | None = Field(
        default=None,
        description="The front-end, where the server's own pages lead afterwards and where single sign-on "
        "comes back to; left out: GraphiQL, and the page of sign-in.",
    )
    allowed_hosts: Annotated[str, AfterValidator(values.allowed_hosts)] = Field(
        default="localhost,127.0.0.1,[::1]",
        description="Host names that requests may name, separated by commas; * for any.",
    )
    allowed_origins: Annotated[str, AfterValidator(values.allowed_origins)] | None = Field(
        default=None,
        description="Origins of other pages that may call the API, separated by commas; * for any; left out: "
        "none.",
    )
    documents: Path | None = Field(
        default=None,
        description="A manifest of documents, as clients' tools make it: no others run; left out: all do.",
    )
    trusted_proxies: Annotated[str, AfterValidator(values.trusted_proxies)] | None = Field(
        default=None,
        description="Addresses or ranges, separated by commas, whose X-Forwarded-For is believed; "
        "left out: the client is whoever connects.",
    )
    smtp_url: Annotated[str, AfterValidator(values.smtp_url)] | None = Field(
        default=None,
        description="smtp://user:password@host:port or smtps://...; left out: mail stays in the outbox.",
    )
    smtp_connections: int = Field(
        default=20,
        ge=1,
        le=1_000,
        description="Connections of one worker to that server; mail to one domain gets half of them.",
    )
    sms_url: Annotated[str, AfterValidator(values.public_url)] | None = Field(
        default=None,
        description="The gateway that takes SMS, as https://...; left out: they wait.",
    )
    sms_secret: SecretStr | None = Field(
        default=None,
        min_length=16,
        description="The secret that requests to this gateway are signed with, and its own to "
        "`POST /sms/events`; without it SMS wait.",
    )
    local_outbox: bool = Field(
        default=False,
        description="Without an SMTP server or a gateway, what is sent goes to a folder of this machine, and "
        "everybody on it reads it at /outbox; for development.",
    )
    mail_from: Annotated[str, AfterValidator(values.mail_from)] = Field(
        default="Mandant <mandant@localhost>", description="The sender of e-mails."
    )
    mail_host: Annotated[str, AfterValidator(values.mail_host)] | None = Field(
        default=None,
        description="The host under which the names are that customers' records in DNS lead to: spf, bounce "
        "and track; left out: that of MANDANT_PUBLIC_URL.",
    )
    dns: Annotated[str, AfterValidator(values.name_servers)] | None = Field(
        default=None,
        description="Name servers that look up customers' domains and the names of webhooks, as address or "
        "address:port, separated by commas; left out: the system's.",
    )
    private_issuers: bool = Field(
        default=False,
        description="Issuers of single sign-on may be at private addresses and without TLS; for networks of "
        "your own and for tests.",
    )
    webhook_private_addresses: bool = Field(
        default=False,
        description="Webhooks may be at private addresses, at any port and without TLS; for networks of your "
        "own and for tests.",
    )
    log_links: bool = Field(
        default=False,
        description="The log shows mail that is not sent with its links, which let in whoever has them.",
    )
    subaccounts: SubaccountSetUp = Field(
        default=SubaccountSetUp.SELF_SERVICE,
        description="SELF_SERVICE, or ON_REQUEST: platform support unlocks them for each master account.",
    )
    review: ReviewPolicy = Field(
        default=ReviewPolicy.OFF,
        description="OFF, or REQUIRED: an account sends only after platform support approved a sample of its "
        "contacts.",
    )
    debug: bool = Field(
        default=False, description="Answers say under `extensions.executor` which executor read them."
    )
    payment_provider: PaymentProviderName = Field(
        default=PaymentProviderName.NONE,
        description="Who takes payments: none, or practice, which moves no money.",
    )
    contact_key: SecretStr | None = Field(
        default=None,
        min_length=16,
        description="A secret that contacts are hashed with, the same for all servers, never changed; left "
        "out: one is made beside the embedded PostgreSQL, and without that nothing is sent.",
    )
    secret_keys: Annotated[SecretStr, AfterValidator(values.secret_keys)] | None = Field(
        default=None,
        description="Secrets, separated by commas, with which the database's secrets are encrypted, the same "
        "for all servers: the first one encrypts, all of them decrypt; left out: one is made beside the "
        "embedded PostgreSQL, and without that nothing is stored that has to be encrypted.",
    )
    message_months: int = Field(
        default=13,
        ge=1,
        le=120,
        description="How many whole months messages are kept besides the present one.",
    )
    feedback_secret: SecretStr | None = Field(
        default=None,
        min_length=16,
        description="What your mail server shows to `POST /feedback`, where it brings mail that came back; "
        "left out: there is no such address.",
    )
    recipient_limit: int = Field(
        default=1_000_000, ge=1, description="The most recipients of a list that is uploaded."
    )
    issuer: IssuerSettings | None = Field(default=None, description="Who issues invoices.")
    tax_rate: Decimal = Field(
        default=Decimal(0),
        ge=0,
        lt=100,
        decimal_places=2,
        description="Of VAT, in percent, on every invoice.",
    )
    invoice_prefix: str = Field(
        default="INV-",
        pattern="^([A-Za-z0-9-]{0,20}[A-Za-z-])?$",
        description="What invoice numbers begin with; a number without gaps follows.",
    )
    suspended_accounts: SuspendedAccounts = Field(
        default=SuspendedAccounts.PAUSE,
        description="What a billing cycle costs throughout which an account was suspended: PAUSE, no plan; "
        "CHARGE, as any other.",
    )
    cost_limit: int = Field(
        default=OF_A_PRINCIPAL.limit,
        ge=COST_LIMIT,
        le=_LARGEST_BUDGET,
        description="What one person, API key or, without a token, network address may spend on requests at "
        "once, in fields of answers.",
    )
    cost_restore_rate: int = Field(
        default=OF_A_PRINCIPAL.restore_rate,
        ge=_SLOWEST_RESTORING,
        description="What is restored of it each second.",
    )
    tree_cost_limit: int = Field(
        default=OF_A_TREE.limit,
        ge=COST_LIMIT,
        le=_LARGEST_BUDGET,
        description="The same of all API keys of a tree together.",
    )
    tree_cost_restore_rate: int = Field(
        default=OF_A_TREE.restore_rate,
        ge=_SLOWEST_RESTORING,
        description="What is restored of that each second.",
    )
    traces_url: Annotated[str, AfterValidator(values.public_url)] | None = Field(
        default=None,
        validation_alias="OTEL_EXPORTER_OTLP_ENDPOINT",
        description="The OpenTelemetry collector that takes traces by OTLP over HTTP; left out: none does.",
    )
    traces_name: str = Field(
        default="mandant", validation_alias="OTEL_SERVICE_NAME", description="The service's name in traces."
    )
    slow_seconds: float = Field(
        default=1.0,
        gt=0,
        description="A GraphQL request that takes as long or longer leaves a line in the log of its own.",
    )
    metrics_port: int | None = Field(
        default=None,
        ge=1,
        le=65535,
        description="Where `mandant worker` serves its metrics, on the address of HOST; left out: nowhere.",
    )
    pool_size: int = Field(default=10, ge=1, description="Database connections of one process that write.")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The values given in code, and the variables of the manual: pydantic would also take PORT from the
        MANDANT_PORT that Kubernetes sets for a service of the name `mandant`."""
        if isinstance(env_settings, EnvSettingsSource):
            known = known_variables(cls)
            variables = env_settings.env_vars.items()
            env_settings.env_vars = {name: value for name, value in variables if name.upper() in known}
        return init_settings, env_settings

    @field_validator("local_outbox")
    @classmethod
    def _is_local(cls, value: bool, info: ValidationInfo) -> bool:
        names = ("database_url", "host", "public_url", "allowed_hosts", "trusted_proxies")
        # One that is not acceptable itself is told instead.
        if value and info.data.keys() >= set(names):
            given = {name: info.data[name] for name in names}
            given["allowed_hosts"] = values.listed(given["allowed_hosts"])
            cause = reaches_others(**given)
            if cause is not None:
                raise ValueError(f"is for a server of this machine alone, which {cause} says that it is not")
        return value

    @property
    def is_for_this_machine(self) -> bool:
        """Whether nobody else reaches the server."""
        cause = reaches_others(
            database_url=self.database_url,
            host=self.host,
            public_url=self.public_url,
            allowed_hosts=self.allowed_host_names,
            trusted_proxies=self.trusted_proxies,
        )
        return cause is None

    @property
    def allowed_host_names(self) -> list[str]:
        """Those that requests may name, one by one."""
        return values.listed(self.allowed_hosts)

    @property
    def allowed_origin_names(self) -> list[str]:
        """Those whose pages may call the API, one by one."""
        return [] if self.allowed_origins is None else values.listed(self.allowed_origins)

    @property
    def name_servers(self) -> list[tuple[str, int]]:
        """The addresses and ports of those that are set."""
        return [] if self.dns is None else [values.name_server(item) for item in values.listed(self.dns)]

    @property
    def mail_domain(self) -> str:
        """What the names are below that customers' records in DNS lead to."""
        return self.mail_host or values.host_name(self.link_base) or "localhost"

    @property
    def secret_key_texts(self) -> list[str]:
        """Those that are set, the newest first."""
        return [] if self.secret_keys is None else values.listed(self.secret_keys.get_secret_value())

    @property
    def read_pool_size(self) -> int:
        """Connections of one process that only read: reads are short, and the process answers most of them
        with somewhat fewer connections than it needs for writes."""
        return max(2, self.pool_size * 4 // 5)

    @computed_field  # type: ignore[prop-decorator]  # as pydantic documents it
    @property
    def link_base(self) -> str:
        """What links in e-mails begin with."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")
