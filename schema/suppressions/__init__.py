"""Whom an account does not write to for the time being."""

from schema.fields.contribution import Contribution

CONTRIBUTION = Contribution()
