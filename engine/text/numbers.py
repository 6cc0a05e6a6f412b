"""Numbers in sentences for people."""


def counted(number: int, one: str, several: str | None = None) -> str:
    """The number with what it counts: `1 part`, `1,200 parts`. `several`: where that takes more than an s."""
    return f"{number:,} {one if number == 1 else several or f'{one}s'}"
