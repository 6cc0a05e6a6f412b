"""An invoice as PDF/A-3 with its XML inside (Factur-X): people and programs read one file.

Everything on the page is read from the XML, so that the two cannot differ, and the same XML always gives the
same file.
"""

import datetime
from collections.abc import Sequence
from importlib.resources import as_file, files
from xml.sax.saxutils import escape

from fpdf import FPDF, FontFace
from fpdf.enums import AssociatedFileRelationship, DocumentCompliance, TableBordersLayout
from fpdf.fonts import TTFFont

from models.billing.invoices import InvoiceKind
from resolvers.billing.document import Document, Line, Party
from resolvers.billing.rounding import decimal, percent, price
from resolvers.billing.xml_parse import read_invoice_xml

ATTACHMENT = "factur-x.xml"
"""The name that Factur-X gives it."""

_FONT = "roboto"
_PRODUCER = "Mandant"
_TITLES = {InvoiceKind.INVOICE: "Invoice", InvoiceKind.CREDIT_NOTE: "Credit note"}
_LINE_HEIGHT = 5.5
"""In millimetres, as all lengths."""
_COLUMNS = (82, 34, 22, 22, 30)


def invoice_pdf(xml: str) -> bytes:
    """The file. Takes tenths of a second, and more for hundreds of lines: not for an event loop."""
    document = read_invoice_xml(xml)
    page = FPDF(enforce_compliance=DocumentCompliance.PDFA_3B)
    issued_at = datetime.datetime.combine(document.issued_on, datetime.time(), datetime.UTC)
    page.set_creation_date(issued_at)
    page.set_title(f"{_TITLES[document.kind]} {document.number}")
    page.set_lang("en")
    page.set_producer(_PRODUCER)
    page.set_xmp_metadata(_metadata(document, issued_at))
    _add_fonts(page)
    page.add_page()
    _write_head(page, document)
    _write_lines(page, document)
    _write_sums(page, document)
    page.embed_file(
        bytes=xml.encode(),
        basename=ATTACHMENT,
        mime_type="text/xml",
        modification_date=issued_at,
        associated_file_relationship=AssociatedFileRelationship.ALTERNATIVE.value,
        desc="The invoice for programs",
        compress=True,
    )
    return bytes(page.output())


def _add_fonts(page: FPDF) -> None:
    """Embedded, as PDF/A wants it: only the glyphs that are used."""
    folder = files("font_roboto") / "files"
    for style, name in (("", "Roboto-Regular.ttf"), ("B", "Roboto-Bold.ttf")):
        with as_file(folder / name) as path:
            page.add_font(_FONT, style, path)
    page.set_font(_FONT, size=10)


def _write_head(page: FPDF, document: Document) -> None:
    _write(page, _address(document.seller))
    page.ln(6)
    _write(page, _address(document.buyer))
    page.ln(8)
    page.set_font(_FONT, "B", 16)
    _write(page, [f"{_TITLES[document.kind]} {document.number}"], height=9)
    page.set_font(_FONT, size=10)
    facts = [
        f"Issued on {document.issued_on}, to be paid by {document.due_on}",
        f"Billing cycle {document.starts_on} to {document.ends_on}",
    ]
    if document.corrects is not None:
        facts[0] = f"Issued on {document.issued_on}; takes back invoice {document.corrects}"
        facts.append(f"Reason: {document.reason}")
    _write(page, facts)
    page.ln(4)


def _write_lines(page: FPDF, document: Document) -> None:
    with page.table(
        col_widths=_COLUMNS,
        text_align=("LEFT", "LEFT", "RIGHT", "RIGHT", "RIGHT"),
        borders_layout=TableBordersLayout.HORIZONTAL_LINES,
        headings_style=FontFace(emphasis="BOLD"),
        line_height=_LINE_HEIGHT,
    ) as table:
        table.row(("For", "Cycle", "Quantity", "Price", f"Amount {document.currency.value}"))
        for line in document.lines:
            table.row([_shown(page, text) for text in _cells(line)])


def _cells(line: Line) -> Sequence[str]:
    return (
        f"{line.name}\n{line.account_name}",
        f"{line.starts_on}\n{line.ends_on}",
        f"{line.quantity:,}",
        price(line.unit_price),
        decimal(line.amount),
    )


def _write_sums(page: FPDF, document: Document) -> None:
    page.ln(4)
    currency = document.currency.value
    back = document.kind is InvoiceKind.CREDIT_NOTE
    for name, amount in (
        ("Net", document.net),
        (f"VAT {percent(document.tax_rate)} %", document.tax),
        ("Total", document.total),
        ("Paid from credit", document.prepaid),
        ("Credited" if back else "To be paid", document.due),
    ):
        page.cell(150, _LINE_HEIGHT, name, align="R")
        page.cell(0, _LINE_HEIGHT, f"{decimal(amount)} {currency}", align="R", new_x="LMARGIN", new_y="NEXT")


def _address(party: Party) -> list[str]:
    place = " ".join(part for part in (party.postcode, party.city) if part)
    texts = (party.name, party.street, place, party.country, party.vat_id and f"VAT id {party.vat_id}")
    return [text for text in texts if text]


def _write(page: FPDF, texts: Sequence[str], height: float = _LINE_HEIGHT) -> None:
    for text in texts:
        page.multi_cell(0, height, _shown(page, text), new_x="LMARGIN", new_y="NEXT")


def _shown(page: FPDF, text: str) -> str:
    """What the font has no glyph for is a question mark on the page, as PDF/A wants; the XML has it whole."""
    font = page.fonts[_FONT]
    known = font.cmap if isinstance(font, TTFFont) else {}
    return "".join(letter if letter == "\n" or ord(letter) in known else "?" for letter in text)


_PROPERTIES = (
    ("DocumentFileName", "name of the embedded XML invoice file"),
    ("DocumentType", "INVOICE"),
    ("Version", "The actual version of the Factur-X XML schema"),
    ("ConformanceLevel", "The conformance level of the embedded Factur-X data"),
)

_PROPERTY = """<rdf:li rdf:parseType="Resource"><pdfaProperty:name>{name}</pdfaProperty:name>
<pdfaProperty:valueType>Text</pdfaProperty:valueType>
<pdfaProperty:category>external</pdfaProperty:category>
<pdfaProperty:description>{description}</pdfaProperty:description></rdf:li>"""

_METADATA = """<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/">
<pdfaid:part>3</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance></rdf:Description>
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:title></rdf:Description>
<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/">
<xmp:CreateDate>{created}</xmp:CreateDate></rdf:Description>
<rdf:Description rdf:about="" xmlns:pdf="http://ns.adobe.com/pdf/1.3/">
<pdf:Producer>{producer}</pdf:Producer></rdf:Description>
<rdf:Description rdf:about="" xmlns:fx="urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#">
<fx:DocumentType>INVOICE</fx:DocumentType><fx:DocumentFileName>{attachment}</fx:DocumentFileName>
<fx:Version>1.0</fx:Version><fx:ConformanceLevel>EN 16931</fx:ConformanceLevel></rdf:Description>
<rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"
xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">
<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">
<pdfaSchema:schema>Factur-X PDFA Extension Schema</pdfaSchema:schema>
<pdfaSchema:namespaceURI>urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#</pdfaSchema:namespaceURI>
<pdfaSchema:prefix>fx</pdfaSchema:prefix>
<pdfaSchema:property><rdf:Seq>{properties}</rdf:Seq></pdfaSchema:property>
</rdf:li></rdf:Bag></pdfaExtension:schemas></rdf:Description>
</rdf:RDF></x:xmpmeta>"""


def _metadata(document: Document, issued_at: datetime.datetime) -> str:
    """What the file says of itself: that it is PDF/A-3, and where a program finds the XML (Factur-X)."""
    properties = "".join(_PROPERTY.format(name=name, description=text) for name, text in _PROPERTIES)
    return _METADATA.format(
        title=escape(f"{_TITLES[document.kind]} {document.number}"),
        created=issued_at.isoformat(),
        producer=_PRODUCER,
        attachment=ATTACHMENT,
        properties=properties,
    )
