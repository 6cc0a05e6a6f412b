"""Who issues invoices, as it is set: all of it or nothing. An invoice names its issuer with the address."""

from pydantic import BaseModel, Field, ValidationInfo, field_validator

from resolvers.inputs.countries import NEEDING_A_POSTCODE


class IssuerSettings(BaseModel, frozen=True):
    """The issuer's name, address and VAT id."""

    name: str = Field(min_length=1, description="Who issues invoices; left out: none are issued.")
    street: str = Field(min_length=1, description="The issuer's street.")
    city: str = Field(min_length=1, description="The issuer's city.")
    country: str = Field(pattern="^[A-Z]{2}$", description="The issuer's country, ISO 3166-1, two letters.")
    postcode: str | None = Field(
        default=None,
        min_length=1,
        validate_default=True,
        description="The issuer's postcode, where there is one.",
    )
    vat_id: str = Field(pattern="^[A-Z]{2}.{2,18}$", description="The issuer's VAT id.")

    @field_validator("postcode")
    @classmethod
    def _check_postcode(cls, value: str | None, others: ValidationInfo) -> str | None:
        if value is None and others.data.get("country") in NEEDING_A_POSTCODE:
            raise ValueError("must be given where the country's addresses need one")
        return value
