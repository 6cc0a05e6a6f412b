"""Why a directory's request is refused (RFC 7644, 3.12)."""


class ScimError(Exception):
    """`scim_type`: the keyword of the RFC, where it has one."""

    def __init__(self, status: int, detail: str, scim_type: str | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.scim_type = scim_type


def invalid(detail: str, scim_type: str = "invalidValue") -> ScimError:
    """A value that is not valid."""
    return ScimError(400, detail, scim_type)


def not_found(what: str) -> ScimError:
    """There is nothing with this id, or it is of another company."""
    return ScimError(404, f"There is no {what} with this id.")
