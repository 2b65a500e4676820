"""What a cell of a file says about whom to call: an E.164 number and its zones, or why it cannot be
read (North American Numbering Plan; ITU-T E.164).

A number that could mean two things is refused, never repaired by a guess.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache

import phonenumbers
from phonenumbers.phonemetadata import PhoneMetadata

from dialer.compliance.abroad import read_abroad, zones_of_country
from dialer.compliance.area_codes import US_TERRITORIES, area_codes
from dialer.model.numbers import PhoneNumber
from dialer.model.screening import ReasonCode

US_ONLY = frozenset({"US"})
"""The countries a US operator's lead files may hold: the states, DC and Puerto Rico."""

AMERICAN = US_ONLY | US_TERRITORIES
"""Those and the territories with rules of their own."""

_EXTENSION = re.compile(
    r"(?:;\s*ext\s*=|\bextension|\bext|x|#)\s*[.:]?\s*\d{1,7}\s*$", re.IGNORECASE
)
_SPREADSHEET_FLOAT = re.compile(r"^\+?\d{10,11}\.0+$")
_SCIENTIFIC = re.compile(r"^\d(?:[.,]\d+)?e\+?\d+$", re.IGNORECASE)
_BETWEEN_NUMBERS = re.compile(r"[/,;|&\n\r\t]|\bor\b|\band\b", re.IGNORECASE)
_PUNCTUATION = re.compile(r"[\s().\-/\u2010-\u2015\u2212]+")
_DIGITS = re.compile(r"[0-9]+")
_PLAIN = re.compile(
    r"(?:(?P<plus>\+)?1[ .-]?)?\(?(?P<area>[2-9](?!11)[0-9]{2})\)?[ .-]?"
    r"(?P<exchange>[2-9](?!11)[0-9]{2})[ .-]?(?P<line>[0-9]{4})"
)
"""How most files write a number; it is read the same without all the questions below."""
_NANP_DIGITS = 10
_E164_DIGITS = 15
_LONGEST_CELL = 100
_LONGEST_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A text that is no number to call: the reason, in words, and what to do about it."""

    code: ReasonCode
    explain: str
    remedy: str


def read_number(
    raw: str, region: str = "US", enabled: frozenset[str] | None = US_ONLY
) -> PhoneNumber | Unreadable:
    """Read a cell as a number to call; `region` (ISO 3166 code) is where a number without `+` is
    taken to be. A number of a country that is not `enabled` is refused; None enables them all.

    Zones are all those of its area code (`area_codes.toml`), elsewhere of its country. Where no
    place is known the answer is TZ_UNKNOWN, here and not later: a `PhoneNumber` always has zones.
    """
    plain = _PLAIN.fullmatch(raw)
    if plain is not None and (region == "US" or plain["plus"]):
        national = plain["area"] + plain["exchange"] + plain["line"]
        return _of_a_place(national, enabled)
    read = _digits_of(raw, region)
    if isinstance(read, Unreadable):
        return read
    if isinstance(read, str):
        return _of_a_place(read, enabled)
    return _abroad(read, enabled)


def read_caller_id(raw: str) -> str | Unreadable:
    """Read a number to show or to be called back on: as `read_number`, and toll-free ones too.

    It must be written in E.164, as it will be sent."""
    if not re.fullmatch(r"\+1[0-9]{10}", raw):
        return _invalid("it is not written as +1 and ten digits", "Write it like +12125550123.")
    national = _digits_of(raw, "US")
    if isinstance(national, Unreadable):
        return national
    area = area_codes().get(raw[2:5])
    if area is not None and area.service == "toll-free":
        return raw
    number = _of_a_place(raw[2:], AMERICAN)
    return number if isinstance(number, Unreadable) else number.e164


def _digits_of(raw: str, region: str) -> str | phonenumbers.PhoneNumber | Unreadable:
    """The ten digits of a +1 number, or a number of another plan, from whatever a person or a
    spreadsheet wrote."""
    text = unicodedata.normalize("NFKC", raw[: _LONGEST_CELL + 1])
    text = "".join(mark for mark in text if unicodedata.category(mark) != "Cf").strip()
    if not text:
        return Unreadable(ReasonCode.DATA_MISSING, "there is no number", "Fill in the number.")
    if len(text) > _LONGEST_CELL:
        return _invalid("the text is far too long for a number", "Put one number in the cell.")
    if _SCIENTIFIC.match(text):
        return _invalid(
            "a spreadsheet shortened the number and lost digits",
            "Format the column as text and export again.",
        )
    if _SPREADSHEET_FLOAT.match(text):
        text = text.partition(".")[0]
    several = _several_numbers(text)
    if several is not None:
        return several
    if _EXTENSION.search(text):
        return _invalid(
            "it has an extension, which cannot be dialled without a person at a switchboard",
            "Give the direct number.",
        )
    digits = _PUNCTUATION.sub("", text)
    plus, digits = digits.startswith("+"), digits.removeprefix("+")
    if any(mark.isalpha() for mark in digits):
        return _invalid("it has letters in it", "Write the number with digits.")
    if not _DIGITS.fullmatch(digits):
        return _invalid("it has marks that no phone number has", "Write the number with digits.")
    return _by_plan(digits, plus, region)


def _several_numbers(text: str) -> Unreadable | None:
    parts = [part for part in _BETWEEN_NUMBERS.split(text) if len(re.findall(r"\d", part)) >= 7]
    if len(parts) > 1 or len(re.findall(r"\d", text)) > _E164_DIGITS:
        return _invalid(
            "there seem to be two numbers in one cell",
            "Give each number a row of its own.",
        )
    return None


def _by_plan(digits: str, plus: bool, region: str) -> str | phonenumbers.PhoneNumber | Unreadable:
    if len(digits) == 3 and digits.endswith("11"):
        return _invalid(f"{digits} is a service code, not a person", "Remove the row.")
    abroad = digits.startswith("011") and len(digits) > _NANP_DIGITS
    if region == "US" and not plus and abroad:
        plus, digits = True, digits.removeprefix("011")
    if plus or region != "US":
        if not plus and region not in phonenumbers.SUPPORTED_REGIONS:
            return _invalid(
                f"no country is known by {region[:_LONGEST_SHOWN]!r}, so a number without + says "
                "nothing",
                "Write the country as ISO 3166 does (GB), or the number with + and country code.",
            )
        try:
            parsed = phonenumbers.parse(f"+{digits}" if plus else digits, region)
        except phonenumbers.NumberParseException:
            return _wrong_length(digits, region)
        if parsed.country_code != 1:
            if not phonenumbers.is_possible_number(parsed):
                return _invalid(
                    f"it begins with country code +{parsed.country_code} but has the wrong length",
                    "Write a US number with ten digits, or with +1 and ten digits.",
                )
            return parsed
        digits = str(parsed.national_number)
    national = digits.removeprefix("1") if len(digits) == _NANP_DIGITS + 1 else digits
    if len(national) != _NANP_DIGITS:
        return _wrong_length(national, region)
    area, exchange = national[:3], national[3:6]
    for name, code in (("area code", area), ("exchange code", exchange)):
        if code[0] in "01" or code[1:] == "11":
            return _invalid(f"no {name} is {code}", "Check the number.")
    return national


def _of_a_place(national: str, enabled: frozenset[str] | None) -> PhoneNumber | Unreadable:
    """A well-formed number of the North American plan, as one to call."""
    code = national[:3]
    area = area_codes().get(code)
    if area is None:
        return _invalid(f"area code {code} is not assigned", "Check the number.")
    if area.service:
        return _of_no_place(f"{code} is a code for {area.service}")
    made_up = national[3:8] == "55501"
    """555-0100 to 555-0199 are set aside in every area code for made-up numbers."""
    known = _known_to_the_library().get(code)
    if known is not None and not made_up:
        if known.services.fullmatch(national):
            return _of_no_place(f"numbers of {code} that look like this are of a service")
        if not known.people.fullmatch(national):
            return _invalid(f"no number of area code {code} looks like this", "Check the number.")
    if enabled is not None and area.country not in enabled:
        return _other_country(
            f"area code {code} belongs to another country ({area.country})", enabled
        )
    return PhoneNumber(f"+1{national}", area.country, area.zones)


def _abroad(
    parsed: phonenumbers.PhoneNumber, enabled: frozenset[str] | None
) -> PhoneNumber | Unreadable:
    found = read_abroad(parsed)
    if enabled is not None and found.country not in enabled:
        return _other_country(f"it is a number of country code +{parsed.country_code}", enabled)
    if not found.valid:
        return _invalid(
            f"no number of country code +{parsed.country_code} looks like this",
            "Check the number.",
        )
    if found.kind:
        return _of_no_place(f"it is a {found.kind} number")
    zones = zones_of_country(found.country)
    if not zones:
        return Unreadable(
            ReasonCode.TZ_UNKNOWN,
            f"no time zone is known for {found.country or 'its country'}, so no hour is known to "
            "be lawful",
            "Remove the row, or update the tzdata package.",
        )
    return PhoneNumber(found.e164, found.country, zones)


@dataclass(frozen=True, slots=True)
class _Patterns:
    """What numbers of people, and numbers of services, look like in a region: the library's own
    patterns, without its search for the region, which takes most of its time."""

    people: re.Pattern[str]
    services: re.Pattern[str]


@cache
def _known_to_the_library() -> dict[str, _Patterns]:
    """The library's patterns for each area code it has numbers of. Overlays it lacks are in
    `area_codes.toml`; of theirs every number is taken to be given out."""
    found = {}
    for code, area in area_codes().items():
        if area.country:
            region = "PR" if area.states == ("PR",) else area.country
            patterns = _patterns(region)
            leads = _metadata(region).leading_digits
            if leads or patterns.people.fullmatch(f"{code}2345678"):
                found[code] = patterns
    return found


@cache
def _patterns(region: str) -> _Patterns:
    metadata = _metadata(region)
    services = (
        metadata.premium_rate,
        metadata.toll_free,
        metadata.shared_cost,
        metadata.voip,
        metadata.personal_number,
        metadata.pager,
        metadata.uan,
        metadata.voicemail,
    )
    return _Patterns(_any_of(metadata.fixed_line, metadata.mobile), _any_of(*services))


def _metadata(region: str) -> PhoneMetadata:
    metadata = PhoneMetadata.metadata_for_region(region)
    if metadata is None:
        raise LookupError(f"the phonenumbers package knows no region {region}")
    return metadata


def _any_of(*kinds: phonenumbers.PhoneNumberDesc | None) -> re.Pattern[str]:
    texts = {kind.national_number_pattern for kind in kinds if kind is not None} - {None}
    return re.compile("|".join(sorted(f"(?:{text})" for text in texts)) or "(?!)")


def _of_no_place(explain: str) -> Unreadable:
    return Unreadable(
        ReasonCode.NON_GEOGRAPHIC,
        f"{explain}: nobody's local time is known",
        "Give the person's own number.",
    )


def _invalid(explain: str, remedy: str) -> Unreadable:
    return Unreadable(ReasonCode.INVALID_NUMBER, explain, remedy)


def _wrong_length(digits: str, region: str) -> Unreadable:
    wanted = (
        "a US number has ten, or eleven with a leading 1"
        if region == "US"
        else "that is no number to call"
    )
    return _invalid(f"it has {len(digits)} digits; {wanted}", "Complete the number.")


def _other_country(explain: str, enabled: frozenset[str]) -> Unreadable:
    only = ", ".join(sorted(enabled - AMERICAN))
    named = "only the United States are" if not only else f"only the United States and {only} are"
    if "US" not in enabled:
        named = f"only {only} is" if only else "no country is"
    return Unreadable(
        ReasonCode.JURISDICTION_NOT_ENABLED, f"{explain}; {named} enabled", "Remove the row."
    )
