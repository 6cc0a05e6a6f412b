"""What the model says that a viewer sees of what accounts send (R26, R35, R38, R58, R83)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.isolation.model import Account, Sent
from tests.isolation.sight import Json, Sight, id_of


@dataclass(frozen=True)
class SentSight:
    """As one subject sees it. Messages are of one account; campaigns and statistics are shown of those below
    it too, as far as the viewer has the permission there."""

    sight: Sight

    @property
    def things(self) -> Mapping[str, tuple[Account, str]]:
        """What has an id: whose it is, and what it needs."""
        found: dict[str, tuple[Account, str]] = {}
        for sent in self.sight.world.sent:
            found |= dict.fromkeys((sent.campaign_id, sent.marketing_id), (sent.account, "CAMPAIGNS_READ"))
            found[sent.transactional_id] = sent.account, "TRANSACTIONAL_READ"
        return found

    @property
    def crossed(self) -> list[str]:
        """Ids that name what one account has as another's, or as of another stream: nothing has them."""
        sent = self.sight.world.sent
        found = [_with_end_of(each.marketing_id, each.transactional_id) for each in sent]
        pairs = list(zip(sent, [*sent[1:], sent[0]], strict=True))
        found += [_with_end_of(one.marketing_id, other.marketing_id) for one, other in pairs]
        return found + [_with_end_of(one.transactional_id, other.transactional_id) for one, other in pairs]

    def fields(self, account: Account, wanted: Sent) -> Mapping[str, list[Any]]:
        """The fields of an account. The filters ask for what has the label of `wanted`."""
        sent, is_wanted = self.sight.world.sent_by(account), wanted.account is account
        below = [each for each in self._with_below(account) if self.sight.can(each.account, "CAMPAIGNS_READ")]
        marketing = sent.marketing_id, sent.numbers[0], "SENT", ("DELIVERED",)
        maker = self.sight.person(sent.campaign_maker, account)
        return {
            "campaigns": [(sent.campaign_id, sent.campaign_name, "DRAFT", account.id, maker)],
            "labeled": [sent.campaign_id] if is_wanted else [],
            "sentOnes": [],
            "campaignsBelow": [each.campaign_id for each in below],
            "labeledBelow": [each.campaign_id for each in below if each is wanted],
            "marketingMessages": [marketing],
            "marketingLabeled": [sent.marketing_id] if is_wanted else [],
            "transactionalMessages": [(sent.transactional_id, sent.numbers[1], "WAITING", ())],
            "transactionalLabeled": [sent.transactional_id] if is_wanted else [],
            "sendingSources": []
            if sent.paused_stream is None
            else [(sent.paused_stream, None, None, False, "PAUSED")],
        }

    def counted(self, account: Account, *, below: bool) -> list[Sent]:
        """What statistics of the account add up."""
        found = self._with_below(account) if below else [self.sight.world.sent_by(account)]
        return [each for each in found if self.sight.can(each.account, "STATISTICS_READ")]

    def _with_below(self, account: Account) -> list[Sent]:
        return [each for each in self.sight.world.sent if account in each.account.path]


def _with_end_of(own: str, other: str) -> str:
    return "_".join([*own.split("_")[:-1], other.split("_")[-1]])


def shown(field: str, node: Json) -> Any:
    """What of an item is compared."""
    match field:
        case "campaigns":
            named = node["id"], node["name"], node["status"]
            return *named, id_of(node["account"]), id_of(node["createdBy"])
        case "marketingMessages" | "transactionalMessages":
            events = tuple(event["kind"] for event in node["events"]["nodes"])
            return node["id"], node["recipient"], node["status"], events
        case "sendingSources":
            key = node["apiKeyId"], id_of(node["apiKey"])
            return node["stream"], *key, node["canSend"], node["customerState"]
        case _:
            return node["id"]
