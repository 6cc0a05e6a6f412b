"""The file: a PDF/A-3 with the XML in it, for those who may see the invoice."""

from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from resolvers.billing.document import Party
from resolvers.billing.xml import invoice_xml
from resolvers.billing.xml_parse import read_invoice_xml
from server.database.clock import Clock
from server.invoices.pdf import invoice_pdf
from tests.areas.billing.invoices.factur_x import check, embedded_xml, reader_of
from tests.client.api import Api, Caller
from tests.client.parsings import parsings
from tests.world.billing import invoices_of, issue
from tests.world.brand import Brand, brand_of
from tests.world.credit import EURO
from tests.world.plans import make_plan, subscribe
from tests.world.world import World


@pytest.fixture
async def brand(world: World, clock: Clock, application: AsyncEngine) -> Brand:
    """A brand with a strange name and an invoice."""
    made = await brand_of(world)
    await subscribe(world, made.master, await make_plan(world, name="Größe & <b> 🦊", price=10 * EURO))
    await clock.forward(days=40)
    await issue(application)
    return made


async def _get(api: Api, path: str, caller: Caller | None) -> tuple[int, str, bytes]:
    headers = {} if caller is None else {"Authorization": f"Bearer {caller.token}"}
    response = await api.http.get(path, headers=headers)
    assert "no-store" in response.headers["cache-control"]
    return response.status_code, response.headers["content-type"], response.content


async def _path(api: Api, brand: Brand) -> str:
    (invoice,) = await invoices_of(api, brand.owner, brand.master, "pdfUrl")
    path: str = urlsplit(invoice["pdfUrl"]).path
    return path


async def test_the_file_is_the_invoice(api: Api, brand: Brand) -> None:
    (invoice,) = await invoices_of(api, brand.owner, brand.master, "id number pdfUrl xml total")
    path = f"/invoices/{invoice['id']}.pdf"
    assert invoice["pdfUrl"] == f"http://mandant.test{path}", "a whole address, where people reach the server"
    headers = {"Authorization": f"Bearer {brand.owner.token}"}
    response = await api.http.get(path, headers=headers)
    assert (response.status_code, response.headers["content-type"]) == (200, "application/pdf")
    assert response.headers["content-disposition"] == f'attachment; filename="{invoice["number"]}.pdf"'
    assert embedded_xml(response.content) == ("factur-x.xml", invoice["xml"])
    check(invoice["xml"])
    page = reader_of(response.content).pages[0].extract_text()
    for text in (invoice["number"], "Plan Größe & <b> ?", "Total 11.90 EUR", "DE123456789"):
        assert text in page
    assert invoice_pdf(invoice["xml"]) == response.content, "the same each time"


async def test_the_file_says_what_it_is(api: Api, brand: Brand) -> None:
    """PDF/A-3: fonts embedded, colours defined, the XML an associated file, and metadata that tell it."""
    _, _, content = await _get(api, await _path(api, brand), brand.owner)
    reader = reader_of(content)
    root = reader.trailer["/Root"]
    metadata = root["/Metadata"].get_data().decode()
    for text in ("<pdfaid:part>3<", "<pdfaid:conformance>B<", "<fx:ConformanceLevel>EN 16931<"):
        assert text in metadata
    assert root["/OutputIntents"][0].get_object()["/S"] == "/GTS_PDFA1"
    assert root["/AF"][0].get_object()["/AFRelationship"] == "/Alternative"
    for font in reader.pages[0]["/Resources"]["/Font"].values():
        (descendant,) = font.get_object()["/DescendantFonts"]
        assert "/FontFile2" in descendant.get_object()["/FontDescriptor"].get_object()


async def test_who_may_have_it(api: Api, brand: Brand, world: World) -> None:
    """As `invoice(id:)` answers: NOT_FOUND is the same whether it is there or not (N20)."""
    path = await _path(api, brand)
    stranger = await world.member(await world.account(), BuiltinRole.OWNER)
    analyst = await world.member(brand.master, BuiltinRole.ANALYST)
    finance = await world.member(brand.master, BuiltinRole.FINANCE)
    nothing = "/invoices/invc_00000000-0000-0000-0000-000000000000.pdf"
    for caller in (stranger, analyst):
        found, missing = [await api.http.get(asked, headers=_bearer(caller)) for asked in (path, nothing)]
        assert (found.status_code, missing.status_code) == (404, 404)
        assert _error(found.json()) == _error(missing.json())
    assert (await _get(api, path, None))[0] == 401
    assert (await _get(api, path, finance))[:2] == (200, "application/pdf")
    wrong = await api.http.get(path, headers={"Authorization": "Bearer mds_nothing"})
    assert (wrong.status_code, wrong.headers["www-authenticate"]) == (401, "Bearer")


@pytest.mark.parametrize(
    "name", ["", "%00", "x", "acct_1", "..%2F..%2Fetc%2Fpasswd", "%F0%9F%A6%8A", "x" * 11_000]
)
async def test_what_is_no_id(api: Api, brand: Brand, name: str) -> None:
    response = await api.http.get(f"/invoices/{name}.pdf", headers=_bearer(brand.owner))
    assert response.status_code in (400, 404)
    assert (await api.http.post("/invoices/x.pdf", headers=_bearer(brand.owner))).status_code == 405


def _bearer(caller: Caller) -> dict[str, str]:
    return {"Authorization": f"Bearer {caller.token}"}


def _error(body: dict[str, list[dict[str, object]]]) -> list[object]:
    return [error["message"] for error in body["errors"]]


async def test_a_file_is_made_without_parsing_python(api: Api, brand: Brand) -> None:
    """It is made in a thread, and another one may parse meanwhile."""
    (invoice,) = await invoices_of(api, brand.owner, brand.master, "xml")
    with parsings() as found:
        invoice_pdf(invoice["xml"])
    assert found == []


async def test_an_address_without_a_postcode(api: Api, brand: Brand) -> None:
    """Neither file has anything in its place."""
    (invoice,) = await invoices_of(api, brand.owner, brand.master, "xml")
    document = read_invoice_xml(invoice["xml"])
    buyer = Party("Harbour Ltd", "HK", "1 Queen's Road", None, "Central")
    xml = invoice_xml(replace(document, buyer=buyer))
    check(xml)
    assert read_invoice_xml(xml).buyer == buyer
    page = reader_of(invoice_pdf(xml)).pages[0].extract_text()
    assert "1 Queen's Road\nCentral\nHK\n" in page
