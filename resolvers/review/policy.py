"""Whether a deployment reviews accounts before they send (R85)."""

import enum


class ReviewPolicy(enum.StrEnum):
    """Whether accounts may send only after platform staff have approved a sample of their contacts."""

    OFF = "OFF"
    REQUIRED = "REQUIRED"
