"""Our files as the standard's own library sees them. It takes 30 MB, so only a worker that asks loads it."""

import io
from typing import Any


def check(xml: str) -> None:
    """The XML is as the standard's schema wants it. Raises what is wrong."""
    from facturx import xml_check_xsd

    assert xml_check_xsd(xml.encode(), flavor="factur-x", level="en16931")


def embedded_xml(pdf: bytes) -> tuple[str, str]:
    """The name of the file in the PDF, and the XML in it."""
    from facturx import get_facturx_xml_from_pdf

    name, xml = get_facturx_xml_from_pdf(io.BytesIO(pdf))
    return name, xml.decode()


def reader_of(pdf: bytes) -> Any:
    """A reader of the PDF's objects and pages."""
    from pypdf import PdfReader

    return PdfReader(io.BytesIO(pdf))
