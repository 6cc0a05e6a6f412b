"""Files that are executed: programs and scripts, by what they begin with and by the types that they are said
to be of. By the endings of their names: see `names`."""

import re

_PROGRAMS = (
    b"MZ",
    b"\x7fELF",
    b"\xca\xfe\xba\xbe",
    b"\xce\xfa\xed\xfe",
    b"\xcf\xfa\xed\xfe",
    b"dex\n",
    b"\0asm",
)
"""What programs begin with, of Windows, Linux, macOS, Android and of virtual machines."""

_SCRIPTS = re.compile(rb"#!\s*/|@echo\s+(off|on)\b|<\?php\b", re.IGNORECASE)
"""What many scripts begin with. The others look like any text."""

_TYPES = re.compile(
    r"(application|text)/(x-)?("
    r"(java|ecma|j|vb|shell)script|(c|ba|z|k)?sh|bat|perl|powershell|python|python-code|ruby|php|httpd-php|hta|"
    r"script\.[a-z0-9]+|java-archive|ms-?(dos-executable|dos-program|download|installer|shortcut|i)|"
    r"(dos)?exe(c|cutable)?|elf|mach-binary|sharedlib|winexe|"
    r"vnd\.(android\.package-archive|microsoft\.portable-executable))"
)


def is_program(content: bytes) -> bool:
    """Whether what is no text begins as a program."""
    return content.startswith(_PROGRAMS)


def is_script(beginning: bytes) -> bool:
    """Whether a text begins as a script."""
    return _SCRIPTS.match(beginning) is not None


def is_executed(type_: str) -> bool:
    """Whether files of the type are programs or scripts."""
    return _TYPES.fullmatch(type_) is not None
