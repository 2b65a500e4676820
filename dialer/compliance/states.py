"""States as people write them: postal codes and names of the United States and of Canada."""

from __future__ import annotations

_UNITED_STATES = (
    "AL Alabama, AK Alaska, AZ Arizona, AR Arkansas, CA California, CO Colorado, CT Connecticut, "
    "DE Delaware, DC District of Columbia, FL Florida, GA Georgia, HI Hawaii, ID Idaho, "
    "IL Illinois, IN Indiana, IA Iowa, KS Kansas, KY Kentucky, LA Louisiana, ME Maine, "
    "MD Maryland, MA Massachusetts, MI Michigan, MN Minnesota, MS Mississippi, MO Missouri, "
    "MT Montana, NE Nebraska, NV Nevada, NH New Hampshire, NJ New Jersey, NM New Mexico, "
    "NY New York, NC North Carolina, ND North Dakota, OH Ohio, OK Oklahoma, OR Oregon, "
    "PA Pennsylvania, PR Puerto Rico, RI Rhode Island, SC South Carolina, SD South Dakota, "
    "TN Tennessee, TX Texas, UT Utah, VT Vermont, VA Virginia, WA Washington, WV West Virginia, "
    "WI Wisconsin, WY Wyoming, AS American Samoa, GU Guam, MP Northern Mariana Islands, "
    "VI Virgin Islands"
)
_CANADA = (
    "AB Alberta, BC British Columbia, MB Manitoba, NB New Brunswick, NL Newfoundland and Labrador, "
    "NS Nova Scotia, NT Northwest Territories, NU Nunavut, ON Ontario, PE Prince Edward Island, "
    "QC Quebec, SK Saskatchewan, YT Yukon"
)
_OTHER_NAMES = {"WASHINGTON DC": "DC", "US VIRGIN ISLANDS": "VI", "QUÉBEC": "QC"}

US_STATES = frozenset(entry[:2] for entry in _UNITED_STATES.split(", "))
"""The states, DC, Puerto Rico and the territories."""

PROVINCES = frozenset(entry[:2] for entry in _CANADA.split(", "))

_CODES = (
    {code: code for code in US_STATES | PROVINCES}
    | {entry[3:].upper(): entry[:2] for entry in f"{_UNITED_STATES}, {_CANADA}".split(", ")}
    | _OTHER_NAMES
)


def read_state(text: str) -> str:
    """The postal code of a state, DC, a territory or a Canadian province, given as its code or its
    English name; "" for anything else."""
    return _CODES.get(text) or _CODES.get(" ".join(text.upper().replace(".", "").split()), "")
