"""Reading an invoice's document back from the XML that was stored when it was issued."""

import datetime
from xml.etree.ElementTree import Element, fromstring

from models.accounts.tables import Currency
from resolvers.billing.document import Document, Line, Party
from resolvers.billing.rounding import TaxRate
from resolvers.billing.xml import NAMESPACES, TYPE_CODES

_KINDS = {code: kind for kind, code in TYPE_CODES.items()}
_HEAD = "rsm:ExchangedDocument"
_TRADE = "rsm:SupplyChainTradeTransaction"
_SETTLEMENT = f"{_TRADE}/ram:ApplicableHeaderTradeSettlement"
_AGREEMENT = f"{_TRADE}/ram:ApplicableHeaderTradeAgreement"
_SUMS = f"{_SETTLEMENT}/ram:SpecifiedTradeSettlementHeaderMonetarySummation"


def read_invoice_xml(xml: str) -> Document:
    """The document that `invoice_xml` wrote."""
    root = fromstring(xml)  # noqa: S314 - nobody but invoice_xml writes it
    return Document(
        kind=_KINDS[_text(root, f"{_HEAD}/ram:TypeCode")],
        number=_text(root, f"{_HEAD}/ram:ID"),
        corrects=root.findtext(
            f"{_SETTLEMENT}/ram:InvoiceReferencedDocument/ram:IssuerAssignedID", None, NAMESPACES
        ),
        reason=root.findtext(f"{_HEAD}/ram:IncludedNote/ram:Content", None, NAMESPACES),
        issued_on=_day(root, f"{_HEAD}/ram:IssueDateTime"),
        due_on=_day(root, f"{_SETTLEMENT}/ram:SpecifiedTradePaymentTerms/ram:DueDateDateTime"),
        starts_on=_day(root, f"{_SETTLEMENT}/ram:BillingSpecifiedPeriod/ram:StartDateTime"),
        ends_on=_day(root, f"{_SETTLEMENT}/ram:BillingSpecifiedPeriod/ram:EndDateTime"),
        currency=Currency(_text(root, f"{_SETTLEMENT}/ram:InvoiceCurrencyCode")),
        tax_rate=TaxRate(
            _digits(_text(root, f"{_SETTLEMENT}/ram:ApplicableTradeTax/ram:RateApplicablePercent"), 2)
        ),
        seller=_party(_element(root, f"{_AGREEMENT}/ram:SellerTradeParty")),
        buyer=_party(_element(root, f"{_AGREEMENT}/ram:BuyerTradeParty")),
        lines=[
            _line(item)
            for item in root.iterfind(f"{_TRADE}/ram:IncludedSupplyChainTradeLineItem", NAMESPACES)
        ],
        prepaid=_amount(root, f"{_SUMS}/ram:TotalPrepaidAmount"),
    )


def _line(item: Element) -> Line:
    settlement = "ram:SpecifiedLineTradeSettlement"
    return Line(
        _text(item, "ram:SpecifiedTradeProduct/ram:Name"),
        _text(item, "ram:SpecifiedTradeProduct/ram:Description"),
        int(_text(item, "ram:SpecifiedLineTradeDelivery/ram:BilledQuantity")),
        _amount(item, "ram:SpecifiedLineTradeAgreement/ram:NetPriceProductTradePrice/ram:ChargeAmount"),
        _amount(item, f"{settlement}/ram:SpecifiedTradeSettlementLineMonetarySummation/ram:LineTotalAmount"),
        _day(item, f"{settlement}/ram:BillingSpecifiedPeriod/ram:StartDateTime"),
        _day(item, f"{settlement}/ram:BillingSpecifiedPeriod/ram:EndDateTime"),
        item.findtext(
            "ram:SpecifiedTradeProduct/ram:ApplicableProductCharacteristic/ram:Value", None, NAMESPACES
        ),
    )


def _party(party: Element) -> Party:
    address = "ram:PostalTradeAddress"
    return Party(
        _text(party, "ram:Name"),
        _text(party, f"{address}/ram:CountryID"),
        party.findtext(f"{address}/ram:LineOne", None, NAMESPACES),
        party.findtext(f"{address}/ram:PostcodeCode", None, NAMESPACES),
        party.findtext(f"{address}/ram:CityName", None, NAMESPACES),
        party.findtext("ram:SpecifiedTaxRegistration/ram:ID", None, NAMESPACES),
        party.findtext("ram:URIUniversalCommunication/ram:URIID", None, NAMESPACES),
    )


def _day(parent: Element, path: str) -> datetime.date:
    return datetime.date.fromisoformat(_text(parent, f"{path}/udt:DateTimeString"))


def _amount(parent: Element, path: str) -> int:
    return _digits(_text(parent, path), 6)


def _digits(text: str, places: int) -> int:
    """A decimal, not below zero, in units of its last place."""
    whole, _, fraction = text.partition(".")
    return int(whole + fraction.ljust(places, "0"))


def _element(parent: Element, path: str) -> Element:
    found = parent.find(path, NAMESPACES)
    if found is None:
        raise ValueError(f"an invoice without {path}")
    return found


def _text(parent: Element, path: str) -> str:
    return _element(parent, path).text or ""
