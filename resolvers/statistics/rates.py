"""What the rates of statistics are of."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Rate:
    """The sum of some numbers, of another one. Of nothing there is none."""

    parts: tuple[str, ...]
    of: str

    def among(self, numbers: object) -> float | None:
        """The rate, where the numbers are attributes."""
        whole: int = getattr(numbers, self.of)
        return sum(getattr(numbers, part) for part in self.parts) / whole if whole else None


RATES: Mapping[str, Rate] = {
    "delivery_rate": Rate(("delivered",), "sent"),
    "bounce_rate": Rate(("hard_bounces", "soft_bounces"), "sent"),
    "complaint_rate": Rate(("complaints",), "delivered"),
    "open_rate": Rate(("unique_opens",), "delivered"),
    "click_rate": Rate(("unique_clicks",), "delivered"),
    "unsubscribe_rate": Rate(("unsubscribes",), "delivered"),
    "order_rate": Rate(("orders",), "delivered"),
}
