"""Statistics: what became of messages, in numbers."""

import datetime

import strawberry
from sqlalchemy import Uuid

from authz.policy.permissions import Permission
from engine.base.marks import Requires
from engine.declare.connections import PageInfo
from engine.declare.declarations import entity, to_one
from models.accounts.tables import Currency
from models.messages.tables import MessageChannel
from models.plans.tables import MOST_IN_A_CYCLE
from models.sending.tables import SendStream
from resolvers.accounts import reads as accounts
from resolvers.statistics.rates import RATES
from schema.fields.amounts import MicroAmount
from schema.fields.references import AccountRef

_NEEDED = [Requires(permission=Permission.STATISTICS_READ.name)]


@strawberry.type(
    description="What became of messages. Each event counts when it happened: a message that was sent in May "
    f"and opened in June is sent in May and opened in June. Numbers are at most {MOST_IN_A_CYCLE}.",
    directives=_NEEDED,
)
class MessageNumbers:
    sent: int = strawberry.field(
        description="The number of messages that were sent: with `messageSend`, by campaigns, and by your "
        "own engine, as `sendCommit` tells."
    )
    sends: int = strawberry.field(
        description="The number of sends that these messages count as in plans and prices: an e-mail is one, "
        "an SMS as many as it has parts. No rate goes by it."
    )
    failed: int = strawberry.field(
        description="The number of messages of these that could not be handed over, but for those whose "
        "recipients' addresses were refused for good: those are `hardBounces`."
    )
    delivered: int = strawberry.field(
        description="The number of messages that the recipients' servers accepted."
    )
    hard_bounces: int = strawberry.field(
        description="The number of messages that came back for good, or were refused at once, such as for an "
        "unknown address."
    )
    soft_bounces: int = strawberry.field(
        description="The number of messages that came back for now, such as for a full mailbox."
    )
    complaints: int = strawberry.field(description="The number of complaints of recipients about messages.")
    opens: int = strawberry.field(description="How often messages were opened.")
    unique_opens: int = strawberry.field(description="The number of messages that were opened.")
    clicks: int = strawberry.field(description="How often links in messages were clicked.")
    unique_clicks: int = strawberry.field(description="The number of messages in which a link was clicked.")
    unsubscribes: int = strawberry.field(description="The number of unsubscribes by way of a message.")

    @strawberry.field(
        directives=_NEEDED, description="`delivered` of `sent`. Null if nothing was sent, as with all rates."
    )
    def delivery_rate(self) -> float | None:
        return RATES["delivery_rate"].among(self)

    @strawberry.field(directives=_NEEDED, description="`hardBounces` and `softBounces` of `sent`.")
    def bounce_rate(self) -> float | None:
        return RATES["bounce_rate"].among(self)

    @strawberry.field(directives=_NEEDED, description="`complaints` of `delivered`.")
    def complaint_rate(self) -> float | None:
        return RATES["complaint_rate"].among(self)

    @strawberry.field(directives=_NEEDED, description="`uniqueOpens` of `delivered`.")
    def open_rate(self) -> float | None:
        return RATES["open_rate"].among(self)

    @strawberry.field(directives=_NEEDED, description="`uniqueClicks` of `delivered`.")
    def click_rate(self) -> float | None:
        return RATES["click_rate"].among(self)

    @strawberry.field(directives=_NEEDED, description="`unsubscribes` of `delivered`.")
    def unsubscribe_rate(self) -> float | None:
        return RATES["unsubscribe_rate"].among(self)


@strawberry.type(description="What became of messages, with what they cost and brought.", directives=_NEEDED)
class MessageTotals(MessageNumbers):
    orders: int = strawberry.field(
        description="The number of orders that clients reported for messages, with their revenue."
    )
    cost: MicroAmount = strawberry.field(
        description="The price of those sends that are beyond the plan, in the currency of the master "
        "account."
    )
    revenue: MicroAmount = strawberry.field(
        description="What these orders brought, less what was given back, as clients reported it with "
        "`ordersReport`, in the currency of the master account."
    )

    @strawberry.field(directives=_NEEDED, description="`orders` of `delivered`.")
    def order_rate(self) -> float | None:
        return RATES["order_rate"].among(self)

    @strawberry.field(
        directives=_NEEDED, description="`revenue` of `sent`, without fractions. Null if nothing was sent."
    )
    def revenue_per_message(self) -> MicroAmount | None:
        return MicroAmount(_each(self.revenue, self.sent)) if self.sent else None


@entity(None, carries={"account_id": Uuid()}, requires=Permission.STATISTICS_READ)
class StatisticsRow:
    """The statistics of one value of each dimension that was asked for; of all messages if none was."""

    starts_on: datetime.date | None = strawberry.field(
        description="The day, or the first day of the month, in each account's time zone; null without such "
        "an interval."
    )
    starts_at: datetime.datetime | None = strawberry.field(
        description="When the hour begins; null without this interval."
    )
    account: AccountRef | None = to_one(
        accounts.of_result, description="The account; null unless asked for by account."
    )
    label: str | None = strawberry.field(
        description="The label, in lower case as labels are compared. Null for messages without one, and "
        "unless asked for by label."
    )
    campaign_id: strawberry.ID | None = strawberry.field(
        description="The id of the campaign. Null for other messages, and unless asked for by campaign."
    )
    stream: SendStream | None = strawberry.field(description="The stream; null unless asked for by stream.")
    channel: MessageChannel | None = strawberry.field(
        description="The channel; null unless asked for by channel."
    )
    api_key_id: strawberry.ID | None = strawberry.field(
        description="The id of the API key that sent. Null for what campaigns and people sent, and unless "
        "asked for by API key."
    )
    numbers: MessageTotals = strawberry.field(description="What became of the messages.")
    previous: MessageTotals | None = strawberry.field(
        description="The same in the period before; null unless asked for."
    )


@strawberry.type(description="A page of statistics.", directives=_NEEDED)
class StatisticsPage:
    as_of: datetime.datetime = strawberry.field(
        description="What was counted before is contained. Usually it is at most some ten seconds ago."
    )
    currency: Currency = strawberry.field(
        description="The currency of `cost` and `revenue`, which is that of the master account and of all "
        "accounts below it."
    )
    nodes: list[StatisticsRow] = strawberry.field(description="The page's rows.")
    page_info: PageInfo = strawberry.field(description="Where the page stands.")


@strawberry.type(description="What became of messages to one domain, or to one country.", directives=_NEEDED)
class RecipientStatistics:
    channel: MessageChannel = strawberry.field(description="The channel.")
    recipients: str = strawberry.field(
        description="The domain of the e-mail addresses in ASCII, or the country of the phone numbers as two "
        "letters. `*`: those of a day for which there were too many others."
    )
    starts_on: datetime.date | None = strawberry.field(
        description="The day, or the first day of the month, in each account's time zone; null without such "
        "an interval."
    )
    numbers: MessageNumbers = strawberry.field(description="What became of the messages.")
    previous: MessageNumbers | None = strawberry.field(
        description="The same in the period before; null unless asked for."
    )


@strawberry.type(description="A page of statistics by recipients.", directives=_NEEDED)
class RecipientStatisticsPage:
    as_of: datetime.datetime = strawberry.field(description="As in `StatisticsPage`.")
    nodes: list[RecipientStatistics] = strawberry.field(description="The page's rows.")
    page_info: PageInfo = strawberry.field(description="Where the page stands.")


def _each(amount: int, number: int) -> int:
    """The amount for each of so many, without fractions."""
    return amount // number if amount >= 0 else -(-amount // number)
