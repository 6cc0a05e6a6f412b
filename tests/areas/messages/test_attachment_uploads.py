"""Uploading files: who may, and what is refused, by name, type and content."""

import io
import zipfile
from collections.abc import AsyncIterator

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from authz.policy.permissions import Permission, mask_of
from authz.policy.refusals import Refusal
from models.accounts.tables import AccountStatus
from models.messages.attachments import MOST_BYTES
from resolvers.messages.attachments.content_types import type_of
from resolvers.messages.attachments.names import REFUSED, file_name
from tests.areas.messages.files import PDF, PNG, files_of, upload_file, uploaded_file
from tests.areas.messages.shop import Shop
from tests.client.api import Api
from tests.world.recipients import code_of
from tests.world.world import World


def _zip(name: str) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as file:
        file.writestr(name, b"\0" * 10)
    return whole.getvalue()


_ZIP = _zip("a.txt")
_JPEG = b"\xff\xd8\xff\xe0\0\x10JFIF\0" + bytes(50)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
_MP3 = b"\xff\xfb\x90\0" + bytes(50)
_TABLE = "a;b\nGröße;2\n".encode("latin-1")
_WIDE = "a;b\n".encode("utf-16")
_SVG = b'<svg xmlns="http://www.w3.org/2000/svg"></svg>'
_PAGE = b"<!DOCTYPE html>\n<html><body>Hi</body></html>"
_SHELL = b"#!/bin/sh\nrm -rf /\n"
_DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_OTHER = "application/octet-stream"


@pytest.mark.parametrize(
    ("content", "claimed", "name", "type_"),
    [
        (PDF, "application/pdf", "a.pdf", "application/pdf"),
        (PDF, _OTHER, "a.PDF", "application/pdf"),
        (PDF, None, "no ending", "application/pdf"),
        (PNG, "IMAGE/PNG ", "a.png", "image/png"),
        (_JPEG, "image/jpg", "a.jpeg", "image/jpeg"),
        (b"RIFF\x10\0\0\0WEBPVP8 \0", "image/webp", "a.webp", "image/webp"),
        (b"RIFF\x10\0\0\0WAVEfmt \0", "audio/wav", "a.wav", "audio/wav"),
        (b"II*\0" + bytes(50), None, "a.tif", "image/tiff"),
        (b"BM" + bytes(50), "image/x-ms-bmp", "a.bmp", "image/bmp"),
        (b"BMI;Name\n", "text/csv", "a.csv", "text/csv"),
        (b"MZ;Name\n", None, "a.csv", "text/csv"),
        (_ZIP, "application/x-zip-compressed", "a.zip", "application/zip"),
        (_ZIP, None, "a.docx", _DOCX),
        (_ZIP, _DOCX, "a.docx", _DOCX),
        (_ZIP, "application/vnd.apple.pkpass", "a.pkpass", "application/vnd.apple.pkpass"),
        (_OLE, None, "a.xls", "application/vnd.ms-excel"),
        (b"\x1f\x8b\x08\0" + bytes(9), "application/x-gzip", "a.tar.gz", "application/gzip"),
        (_MP3, "audio/mpeg", "a.mp3", "audio/mpeg"),
        (_TABLE, "text/csv", "a.csv", "text/csv"),
        (_WIDE, None, "a.csv", "text/csv"),
        (b"Hello", None, "README", "text/plain"),
        (b"Hello", None, "a.unknown", "text/plain"),
        (_PAGE, "text/html", "a.html", "text/html"),
        (_PAGE, None, "a.htm", "text/html"),
        (_PAGE, None, "a", "text/html"),
        (b"Hi <b>Ann</b>", "text/html", "a.html", "text/html"),
        (b"<html xmlns='http://www.w3.org/1999/xhtml'>", None, "a.xml", "text/xml"),
        (b"<div align=center>A project</div>", "text/markdown", "README.md", "text/markdown"),
        (b"<a@example.com>, <b.c>\n", None, "a.txt", "text/plain"),
        (b"# A heading\n#!hashtag", None, "a.txt", "text/plain"),
        (b"BEGIN:VCALENDAR\r\n", "text/calendar", "a.ics", "text/calendar"),
        (_SVG, None, "a.svg", "image/svg+xml"),
        (b"0\x82\x10\0\x06", "application/pkcs7-signature", "smime.p7s", "application/pkcs7-signature"),
        (b"0\x82\x10\0\x06", None, "a.dat", _OTHER),
    ],
)
def test_the_content_says_what_it_is(content: bytes, claimed: str | None, name: str, type_: str) -> None:
    assert type_of(content, claimed, name) == type_


@pytest.mark.parametrize(
    ("content", "claimed", "name"),
    [
        (b"", None, "a.pdf"),
        (PNG, "application/pdf", "a"),
        (b"Hello", "application/pdf", "a"),
        (b"Hello", None, "a.pdf"),
        (b"Hello", None, "a.docx"),
        (b"Hello", None, "a.mp3"),
        (b"Hello", "video/mp4", "a"),
        (b"<html>", "image/png", "a"),
        (_JPEG, None, "a.png"),
        (PNG, None, "a.txt"),
        (PNG, "text/html", "a"),
        (PNG, "video/x-something", "a"),
        (PDF, "text/plain", "a"),
        (_ZIP, "application/pdf", "a"),
        (_ZIP, None, "a.doc"),
        (_OLE, None, "a.docx"),
        (b"\0\x01\x02", None, "a.csv"),
        (b"MZ\x90\0" + bytes(50), None, "a.txt"),
        (b"MZ\x90\0" + bytes(50), None, "a.dat"),
        (b"\x7fELF" + bytes(50), None, "a"),
        (b"\xca\xfe\xba\xbe\0\0\0\x34", None, "a"),
        (PDF, "pdf", "a.pdf"),
        (PDF, "application/pdf\r\nX: y", "a.pdf"),
        (PDF, "application/" + "a" * 100, "a.pdf"),
        (b"From: a\n", "message/rfc822", "a.eml"),
        # What is a page of HTML opens as one in some mail programs, whatever it is called.
        (_PAGE, "text/plain", "a"),
        (_PAGE, "text/plain", "a.html"),
        (_PAGE, None, "a.txt"),
        (_PAGE, None, "a.csv"),
        (_PAGE, "text/csv", "a.csv"),
        (_PAGE, "application/json", "a"),
        (_PAGE, "text/html", "a.csv"),
        (_PAGE, "application/x-something", "a"),
        (b"\xef\xbb\xbf \n<HTML lang=de>", None, "a.txt"),
        (b"<!-- a --><script>alert(1)</script>", None, "a.csv"),
        ("<!DOCTYPE html>".encode("utf-16"), None, "a.txt"),
        # Scripts, whatever they are called, and types of what is executed, whatever it is.
        (_SHELL, "text/plain", "run.sh.txt"),
        (_SHELL, None, "run"),
        (_SHELL, "image/png", "a.png"),
        (_SHELL, "text/csv", "a.csv"),
        (b"#! /usr/bin/env python3\n", None, "a.txt"),
        (b"@ECHO OFF\r\ndel *", None, "a.txt"),
        (b"<?php echo 1;", None, "a.txt"),
        (b"alert(1)", "text/javascript", "a"),
        (b"alert(1)", "application/javascript", "a.txt"),
        (b"ls", "application/x-sh", "a.txt"),
        (b"\0\x01", "application/x-msdownload", "a"),
        (b"From: a\n", "multipart/mixed", "a"),
    ],
)
def test_what_contradicts_the_content_is_refused(content: bytes, claimed: str | None, name: str) -> None:
    with pytest.raises(Refusal):
        type_of(content, claimed, name)


def test_names() -> None:
    """T26: one form, one line, no folders, no programs."""
    for given, kept in (
        (" Invoice 7.pdf ", "Invoice 7.pdf"),
        ("Gro\u0308ße 🔥.pdf", "Größe 🔥.pdf"),
        ("a.exe.pdf", "a.exe.pdf"),
        ("a" * 150, "a" * 150),
    ):
        assert file_name(given, "name") == kept
    wrong = [
        "",
        " ",
        ".",
        "..",
        ".htaccess",
        "a.",
        "../a",
        "a/b",
        "a\\b",
        "C:a",
        'a"b',
        "a\r\nb",
        "a\0",
        "a\x7f",
    ]
    wrong += ["a\u2028b", "a\u202efdp.exe", "a\u200b.pdf", "a" * 151]
    wrong += [f"a.{ending}" for endings in REFUSED.values() for ending in endings.split()]
    wrong += ["a.ExE", "a.exe ", "a.pdf.js"]
    for name in wrong:
        with pytest.raises(Refusal):
            file_name(name, "name")


async def test_who_may_send_may_upload(api: Api, shop: Shop, world: World) -> None:
    """On any stream; nobody else, and not from elsewhere (R7, N20)."""
    elsewhere = await world.member(await world.account(), BuiltinRole.OWNER)
    beside = await world.member(await world.account(shop.master), BuiltinRole.OWNER)
    analyst = await world.member(shop.account, BuiltinRole.ANALYST)
    before = await world.state(shop.master)
    for caller, code in (
        (None, "401 UNAUTHENTICATED"),
        (analyst, "403 FORBIDDEN"),
        (beside, "404 NOT_FOUND"),
        (elsewhere, "404 NOT_FOUND"),
    ):
        assert code_of(await upload_file(api, caller, shop.account)) == code
    assert await world.state(shop.master) == before
    scopes = mask_of({Permission.ACCOUNT_READ, Permission.TRANSACTIONAL_SEND})
    for sender in (
        await world.member(shop.account, BuiltinRole.MARKETER),
        await world.api_key(shop.account, scopes=scopes),
    ):
        await uploaded_file(api, sender, shop.account)
    await world.set_status(shop.account, AccountStatus.SUSPENDED)
    assert code_of(await upload_file(api, shop.owner, shop.account)) == "400 ACCOUNT_SUSPENDED"


async def test_what_is_wrong_leaves_nothing(
    api: Api, shop: Shop, world: World, database: AsyncEngine
) -> None:
    before = await world.state(shop.master)
    bad = "400 BAD_USER_INPUT"
    for content, name, claimed, code in (
        (PDF, "a.exe", None, bad),
        (PDF, "a/b.pdf", None, bad),
        (PDF, "", None, bad),
        (PDF, "a.pdf", "image/png", bad),
        (PNG, "a.pdf", None, bad),
        (b"", "a.pdf", None, bad),
        (bytes(MOST_BYTES + 1), "a.dat", None, "413 PAYLOAD_TOO_LARGE"),
    ):
        answer = await upload_file(api, shop.owner, shop.account, content, name, claimed)
        assert code_of(answer) == code, (name, claimed)
    headers = {"authorization": f"Bearer {shop.owner.token}"}
    query = {"accountId": shop.account.id, "name": "a.pdf"}
    for params in (
        {"name": "a.pdf"},
        {"accountId": shop.account.id},
        query | {"more": "1"},
        query | {"accountId": "acct_1"},
    ):
        answer = await api.http.post("/attachments", params=params, content=PDF, headers=headers)
        assert code_of(answer) in {bad, "404 NOT_FOUND"}, params
    zipped = headers | {"content-encoding": "gzip"}
    answer = await api.http.post("/attachments", params=query, content=PDF, headers=zipped)
    assert code_of(answer) == "415 UNSUPPORTED_MEDIA_TYPE"
    assert (await api.http.get("/attachments", params=query, headers=headers)).status_code == 405
    assert await world.state(shop.master) == before
    await uploaded_file(api, shop.owner, shop.account, bytes(MOST_BYTES), "a.dat")
    assert {name: len(content) for name, content in (await files_of(database, shop.account)).items()} == {
        "a.dat": MOST_BYTES
    }


async def test_an_upload_that_breaks_off_leaves_nothing(api: Api, shop: Shop, database: AsyncEngine) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield PDF
        raise ConnectionResetError

    headers = {"authorization": f"Bearer {shop.owner.token}"}
    query = {"accountId": shop.account.id, "name": "a.pdf"}
    answer = await api.http.post("/attachments", params=query, content=broken(), headers=headers)
    assert answer.status_code != httpx.codes.CREATED
    assert await files_of(database, shop.account) == {}
