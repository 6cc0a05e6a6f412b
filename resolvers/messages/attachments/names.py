"""Names of attached files."""

from authz.policy.refusals import Refusal, RefusalCode
from models.messages.attachments import LONGEST_FILE_NAME
from resolvers.inputs.text import visible_text

REFUSED = {
    "programs": "app appimage bin com cpl dll dmg drv efi elf exe gadget lib ocx pif scr sys xll",
    "scripts": "bat cmd csh hta js jse mjs ps1 ps1xml ps2 psc1 psm1 py pyc sct sh vb vbe vbs ws wsc wsf wsh",
    "installers": "apk application appx appxbundle deb ipa jar jnlp msc msi msix msixbundle msp mst msu pkg "
    "rpm",
    "settings and shortcuts": "chm diagcab diagcfg diagpack hlp inf ins isp lnk nsh reg scf "
    "settingcontent-ms shb theme url website",
    "disks and databases": "ade adp cab ex ex_ img iso mde vhd vhdx vxd",
}
"""Endings that mail programs do not open, and providers return (Gmail's and Outlook's lists). By what they
are."""

_REFUSED = frozenset(" ".join(REFUSED.values()).split())
_NOT_IN_NAMES = frozenset('/\\:*?"<>|')
"""What is no part of a file's name on some system: above all what leads to another folder."""


def file_name(text: str, field: str) -> str:
    """The name as it is stored: one line, without folders, and of no program. Raises BAD_USER_INPUT."""
    name = visible_text(text, field, LONGEST_FILE_NAME)
    if any(each in _NOT_IN_NAMES for each in name):
        raise _bad('Must not contain any of / \\ : * ? " < > |.', field)
    if name.startswith(".") or name.endswith("."):
        raise _bad("Must neither begin nor end with a dot.", field)
    ending = ending_of(name)
    if ending in _REFUSED:
        raise _bad(f"Files that end with .{ending} are not sent: mail servers refuse them.", field)
    return name


def ending_of(name: str) -> str:
    """What is behind the last dot, in lower case."""
    _, dot, ending = name.rpartition(".")
    return ending.strip().lower() if dot else ""


def _bad(message: str, field: str) -> Refusal:
    return Refusal(RefusalCode.BAD_USER_INPUT, message, field)
