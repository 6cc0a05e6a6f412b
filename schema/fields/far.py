"""What names the parents of far fields (see `engine.declare.far`)."""

from engine.declare.far import FarParent

OF_ACCOUNT = FarParent()
"""A field of `Account`."""
