"""Invoices as Cross Industry Invoice (UN/CEFACT D16B), profile EN 16931: the form that programs read.

The elements stand in the schema's order. Unknown values are left out.
"""

import datetime
import re
from xml.etree.ElementTree import Element, SubElement, register_namespace, tostring

from models.billing.invoices import InvoiceKind
from resolvers.billing.document import Document, Line, Party
from resolvers.billing.rounding import decimal, percent, price

PROFILE = "urn:cen.eu:en16931:2017"
NAMESPACES = {
    "rsm": "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100",
    "ram": "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100",
    "udt": "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100",
    "qdt": "urn:un:unece:uncefact:data:standard:QualifiedDataType:100",
}
TYPE_CODES = {InvoiceKind.INVOICE: "380", InvoiceKind.CREDIT_NOTE: "381"}
"""UNTDID 1001."""
LABEL = "Label"
"""The name of the item attribute (BT-160) with the label."""
_PIECE = "C62"
_DAY = "102"
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot hold."""

for _prefix, _uri in NAMESPACES.items():
    register_namespace(_prefix, _uri)


def invoice_xml(document: Document) -> str:
    """The document as XML text."""
    root = Element(_name("rsm:CrossIndustryInvoice"))
    _add(root, "rsm:ExchangedDocumentContext/ram:GuidelineSpecifiedDocumentContextParameter/ram:ID", PROFILE)
    head = _add(root, "rsm:ExchangedDocument")
    _add(head, "ram:ID", document.number)
    _add(head, "ram:TypeCode", TYPE_CODES[document.kind])
    _add_day(head, "ram:IssueDateTime", document.issued_on)
    if document.reason is not None:
        _add(head, "ram:IncludedNote/ram:Content", document.reason)
    trade = _add(root, "rsm:SupplyChainTradeTransaction")
    for position, line in enumerate(document.lines, start=1):
        _add_line(trade, document, position, line)
    agreement = _add(trade, "ram:ApplicableHeaderTradeAgreement")
    _add_party(_add(agreement, "ram:SellerTradeParty"), document.seller)
    _add_party(_add(agreement, "ram:BuyerTradeParty"), document.buyer)
    delivery = _add(trade, "ram:ApplicableHeaderTradeDelivery/ram:ActualDeliverySupplyChainEvent")
    _add_day(delivery, "ram:OccurrenceDateTime", document.ends_on)
    _add_settlement(_add(trade, "ram:ApplicableHeaderTradeSettlement"), document)
    return tostring(root, encoding="unicode")


def _add_line(trade: Element, document: Document, position: int, line: Line) -> None:
    item = _add(trade, "ram:IncludedSupplyChainTradeLineItem")
    _add(item, "ram:AssociatedDocumentLineDocument/ram:LineID", str(position))
    product = _add(item, "ram:SpecifiedTradeProduct")
    _add(product, "ram:Name", line.name)
    _add(product, "ram:Description", line.account_name)
    if line.label is not None:
        attribute = _add(product, "ram:ApplicableProductCharacteristic")
        _add(attribute, "ram:Description", LABEL)
        _add(attribute, "ram:Value", line.label)
    agreement = _add(item, "ram:SpecifiedLineTradeAgreement")
    _add(agreement, "ram:NetPriceProductTradePrice/ram:ChargeAmount", price(line.unit_price))
    delivery = _add(item, "ram:SpecifiedLineTradeDelivery")
    _add(delivery, "ram:BilledQuantity", str(line.quantity)).set("unitCode", _PIECE)
    settlement = _add(item, "ram:SpecifiedLineTradeSettlement")
    tax = _add(settlement, "ram:ApplicableTradeTax")
    _add(tax, "ram:TypeCode", "VAT")
    _add_rate(tax, document)
    _add_period(settlement, line.starts_on, line.ends_on)
    total = "ram:SpecifiedTradeSettlementLineMonetarySummation/ram:LineTotalAmount"
    _add(settlement, total, decimal(line.amount))


def _add_party(party: Element, values: Party) -> None:
    _add(party, "ram:Name", values.name)
    address = _add(party, "ram:PostalTradeAddress")
    for name, text in (
        ("ram:PostcodeCode", values.postcode),
        ("ram:LineOne", values.street),
        ("ram:CityName", values.city),
        ("ram:CountryID", values.country),
    ):
        if text is not None:
            _add(address, name, text)
    if values.email is not None:
        _add(party, "ram:URIUniversalCommunication/ram:URIID", values.email).set("schemeID", "EM")
    if values.vat_id is not None:
        _add(party, "ram:SpecifiedTaxRegistration/ram:ID", values.vat_id).set("schemeID", "VA")


def _add_settlement(settlement: Element, document: Document) -> None:
    _add(settlement, "ram:InvoiceCurrencyCode", document.currency.value)
    tax = _add(settlement, "ram:ApplicableTradeTax")
    _add(tax, "ram:CalculatedAmount", decimal(document.tax))
    _add(tax, "ram:TypeCode", "VAT")
    _add(tax, "ram:BasisAmount", decimal(document.net))
    _add_rate(tax, document)
    _add_period(settlement, document.starts_on, document.ends_on)
    terms = _add(settlement, "ram:SpecifiedTradePaymentTerms")
    _add_day(terms, "ram:DueDateDateTime", document.due_on)
    sums = _add(settlement, "ram:SpecifiedTradeSettlementHeaderMonetarySummation")
    _add(sums, "ram:LineTotalAmount", decimal(document.net))
    _add(sums, "ram:TaxBasisTotalAmount", decimal(document.net))
    _add(sums, "ram:TaxTotalAmount", decimal(document.tax)).set("currencyID", document.currency.value)
    _add(sums, "ram:GrandTotalAmount", decimal(document.total))
    _add(sums, "ram:TotalPrepaidAmount", decimal(document.prepaid))
    _add(sums, "ram:DuePayableAmount", decimal(document.due))
    if document.corrects is not None:
        _add(settlement, "ram:InvoiceReferencedDocument/ram:IssuerAssignedID", document.corrects)


def _add_rate(tax: Element, document: Document) -> None:
    _add(tax, "ram:CategoryCode", "S" if document.tax_rate else "Z")
    _add(tax, "ram:RateApplicablePercent", percent(document.tax_rate))


def _add_period(settlement: Element, starts_on: datetime.date, ends_on: datetime.date) -> None:
    period = _add(settlement, "ram:BillingSpecifiedPeriod")
    _add_day(period, "ram:StartDateTime", starts_on)
    _add_day(period, "ram:EndDateTime", ends_on)


def _add_day(parent: Element, name: str, day: datetime.date) -> None:
    _add(parent, f"{name}/udt:DateTimeString", f"{day:%Y%m%d}").set("format", _DAY)


def _add(parent: Element, path: str, text: str | None = None) -> Element:
    """Add all elements of a path and return the innermost one."""
    for name in path.split("/"):
        parent = SubElement(parent, _name(name))
    parent.text = None if text is None else _NO_XML.sub("\N{REPLACEMENT CHARACTER}", text)
    return parent


def _name(prefixed: str) -> str:
    prefix, name = prefixed.split(":")
    return f"{{{NAMESPACES[prefix]}}}{name}"
