"""Sums, rounding, and the XML that tells them (EN 16931)."""

import datetime
from xml.etree.ElementTree import fromstring

from hypothesis import given
from hypothesis import strategies as st

from models.accounts.tables import Currency
from models.billing.invoices import InvoiceKind
from resolvers.billing.document import Document, Line, Party
from resolvers.billing.rounding import CENT, TaxRate, cents, decimal, percent, price, tax_on
from resolvers.billing.xml import NAMESPACES, invoice_xml
from resolvers.billing.xml_parse import read_invoice_xml
from tests.areas.billing.invoices.factur_x import check
from tests.authz.escalation.profiles import examples

_DAYS = st.dates(datetime.date(2000, 1, 1), datetime.date(2999, 1, 1))
_TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn", "Zl", "Zp")), min_size=1, max_size=40
)
_SPEND = "ram:SpecifiedTradeSettlementHeaderMonetarySummation"


@st.composite
def _lines(draw: st.DrawFn) -> Line:
    quantity, unit_price = draw(st.integers(1, 2**31)), draw(st.integers(1, 10**9))
    days = (draw(_DAYS), draw(_DAYS))
    names, label = (draw(_TEXTS), draw(_TEXTS)), draw(st.none() | _TEXTS)
    return Line(*names, quantity, unit_price, cents(quantity * unit_price), *days, label)


@st.composite
def _parties(draw: st.DrawFn) -> Party:
    some = st.none() | _TEXTS
    country = draw(st.sampled_from(("DE", "FR", "CH")))
    return Party(draw(_TEXTS), country, draw(some), draw(some), draw(some), draw(some), draw(some))


@st.composite
def _documents(draw: st.DrawFn) -> Document:
    kind = draw(st.sampled_from(InvoiceKind))
    lines = draw(st.lists(_lines(), min_size=1, max_size=5))
    prepaid = sum(line.amount for line in lines if draw(st.booleans()))
    corrects, reason = ("INV-1", draw(_TEXTS)) if kind is InvoiceKind.CREDIT_NOTE else (None, None)
    return Document(
        kind=kind,
        number="INV-2",
        corrects=corrects,
        reason=reason,
        issued_on=draw(_DAYS),
        due_on=draw(_DAYS),
        starts_on=draw(_DAYS),
        ends_on=draw(_DAYS),
        currency=draw(st.sampled_from(Currency)),
        tax_rate=TaxRate(draw(st.integers(0, 9999))),
        seller=draw(_parties()),
        buyer=draw(_parties()),
        lines=lines,
        prepaid=prepaid,
    )


@examples(40)
@given(_documents())
def test_the_xml_tells_all_and_its_sums_agree(document: Document) -> None:
    """BR-CO-10, 13, 14, 15, 16 and 17, BR-DEC; and what is read back is what was written."""
    xml = invoice_xml(document)
    check(xml)
    assert read_invoice_xml(xml) == document
    root = fromstring(xml)
    trade = "rsm:SupplyChainTradeTransaction"
    found = {
        element.tag.partition("}")[2]: _in_cents(element.text)
        for element in root.iterfind(f"{trade}/ram:ApplicableHeaderTradeSettlement/{_SPEND}/*", NAMESPACES)
    }
    lines = [
        _in_cents(element.text)
        for element in root.iterfind(
            f"{trade}/ram:IncludedSupplyChainTradeLineItem//ram:LineTotalAmount", NAMESPACES
        )
    ]
    assert found["LineTotalAmount"] == found["TaxBasisTotalAmount"] == sum(lines)
    # Half up, of the whole: within half a cent of the exact tax.
    exact = found["TaxBasisTotalAmount"] * document.tax_rate
    assert -5_000 < found["TaxTotalAmount"] * 10_000 - exact <= 5_000
    assert found["GrandTotalAmount"] == found["TaxBasisTotalAmount"] + found["TaxTotalAmount"]
    assert found["DuePayableAmount"] == found["GrandTotalAmount"] - found["TotalPrepaidAmount"]


def _in_cents(text: str | None) -> int:
    assert text is not None
    whole, fraction = text.split(".")
    assert len(fraction) == 2
    return int(whole + fraction)


def test_half_a_cent_goes_up() -> None:
    assert [cents(amount) // CENT for amount in (0, 4_999, 5_000, 14_999, 15_000)] == [0, 0, 1, 1, 2]
    # 0.10 at 5 % is half a cent; at 4.99 % it is less.
    assert [tax_on(10 * CENT, TaxRate(rate)) // CENT for rate in (0, 499, 500)] == [0, 0, 1]


def test_how_amounts_are_written() -> None:
    assert [decimal(amount) for amount in (0, CENT, 123_456_780_000)] == ["0.00", "0.01", "123456.78"]
    assert [price(amount) for amount in (1, 2_005, 500_000, 59_000_000)] == [
        "0.000001",
        "0.002005",
        "0.50",
        "59.00",
    ]
    assert [percent(TaxRate(rate)) for rate in (0, 1900, 810, 2550, 5)] == ["0", "19", "8.1", "25.5", "0.05"]


def test_what_xml_cannot_hold_is_replaced() -> None:
    """Names may hold what Unicode knows no character for; the document stays well-formed."""
    day = datetime.date(2030, 1, 1)
    line = Line("a\ufffe\uffffb", '<&>"\x01', 1, CENT, CENT, day, day)
    party = Party("P", "DE")
    document = Document(
        InvoiceKind.INVOICE,
        "1",
        None,
        None,
        day,
        day,
        day,
        day,
        Currency.EUR,
        TaxRate(0),
        party,
        party,
        [line],
        0,
    )
    found = read_invoice_xml(invoice_xml(document)).lines[0]
    assert (found.name, found.account_name) == ("a\ufffd\ufffdb", '<&>"\ufffd')
