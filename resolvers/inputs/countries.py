"""Country codes, the VAT ids that begin with them, and which countries' addresses need a postcode."""

from authz.policy.refusals import Refusal, RefusalCode

_CODES = """
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW
BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI
FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN
IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME
MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF
PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV
SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE
YT ZA ZM ZW
"""
COUNTRIES = frozenset(_CODES.split())
"""ISO 3166-1, two letters."""

_WITH_POSTCODES = """
AS AT AU AX BE BL BR CA CH CN CZ DE DK EE ES FI FK FM FR GB GF GG GL GP GR GS GU HU IM IN IO IT JE JP KR LI LT
LU LV MF MH MP MQ MX MY NC NL NO NZ PF PL PM PN PR PT PW RE RO RU SE SG SH SJ SK SM TC TR TW UA US VI WF YT ZA
"""
NEEDING_A_POSTCODE = frozenset(_WITH_POSTCODES.split())
"""Countries where no letter arrives without a postcode, by Google's address metadata (libaddressinput,
September 2024). 70 of the others have no postcodes; elsewhere, as in Ireland, many people do not know
theirs."""

_ALSO_BEFORE_VAT_IDS = frozenset({"EL", "XI"})
"""Greece and Northern Ireland (EN 16931, BR-CO-9)."""

VAT_ID_LENGTHS = range(4, 21)


def country(text: str, field: str) -> str:
    """The country code in capitals. Raises BAD_USER_INPUT."""
    code = text.strip().upper()
    if code not in COUNTRIES:
        message = "Must be a country's code of two letters, ISO 3166-1."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, field)
    return code


def check_postcode(postcode: str | None, country_code: str, field: str) -> None:
    """Raise BAD_USER_INPUT where the country's addresses need a postcode and none is given."""
    if postcode is None and country_code in NEEDING_A_POSTCODE:
        raise Refusal(RefusalCode.BAD_USER_INPUT, f"Addresses in {country_code} need a postcode.", field)


def vat_id(text: str, field: str) -> str:
    """The VAT id in capitals, without blanks, dots and hyphens. Only the form is checked. Raises
    BAD_USER_INPUT."""
    found = "".join(text.split()).replace(".", "").replace("-", "").upper()
    known = found[:2] in COUNTRIES | _ALSO_BEFORE_VAT_IDS
    plain = found.isascii() and found.replace("+", "").replace("*", "").isalnum()
    if not (known and plain and len(found) in VAT_ID_LENGTHS):
        message = "Must be a country's code and 2 to 18 letters or digits."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, field)
    return found
