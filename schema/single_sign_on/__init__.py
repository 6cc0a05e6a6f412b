"""Single sign-on of master accounts."""

from schema.fields.contribution import Contribution
from schema.single_sign_on.enums import ENUMS
from schema.single_sign_on.mutations import SingleSignOnMutation

CONTRIBUTION = Contribution(mutations=(SingleSignOnMutation,), enums=ENUMS)
