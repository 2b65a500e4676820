"""What a cell of a file says about whom to call: an E.164 number and its zones, or why it cannot be
read (North American Numbering Plan; ITU-T E.164).

A number that could mean two things is refused, never repaired by a guess.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

import phonenumbers
from phonenumbers import PhoneNumberType, timezone

from dialer.model.numbers import PhoneNumber
from dialer.model.screening import ReasonCode

US_REGIONS = frozenset({"US", "PR", "GU", "VI", "AS", "MP"})
"""The United States and its territories with numbers of their own, as phonenumbers names them."""

_GEOGRAPHIC = frozenset(
    {
        PhoneNumberType.FIXED_LINE,
        PhoneNumberType.MOBILE,
        PhoneNumberType.FIXED_LINE_OR_MOBILE,
        PhoneNumberType.UNKNOWN,
    }
)
_SPECIAL_AREA_CODES = {
    "600": "a special-services code",
    "700": "a carrier-services code",
    "710": "a government code",
    "900": "a premium-rate code",
}
_EXTENSION = re.compile(
    r"(?:;\s*ext\s*=|\bextension|\bext|x|#)\s*[.:]?\s*\d{1,7}\s*$", re.IGNORECASE
)
_SPREADSHEET_FLOAT = re.compile(r"^\+?\d{10,11}\.0+$")
_SCIENTIFIC = re.compile(r"^\d(?:[.,]\d+)?e\+?\d+$", re.IGNORECASE)
_BETWEEN_NUMBERS = re.compile(r"[/,;|&\n\r\t]|\bor\b|\band\b", re.IGNORECASE)
_PUNCTUATION = re.compile(r"[\s().\-/\u2010-\u2015\u2212]+")
_DIGITS = re.compile(r"[0-9]+")
_NANP_DIGITS = 10
_E164_DIGITS = 15
_LONGEST_CELL = 100


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A text that is no number to call: the reason, in words, and what to do about it."""

    code: ReasonCode
    explain: str
    remedy: str


def read_number(raw: str, region: str = "US") -> PhoneNumber | Unreadable:
    """Read a cell as a number to call; `region` is where a number without `+` is taken to be.

    Zones are what phonenumbers says of this number and all zones of its area code
    (`area_codes.toml`) together. Where neither names a place the answer is TZ_UNKNOWN, here and
    not later: a `PhoneNumber` always has zones.
    """
    national = _national_number(raw, region)
    if isinstance(national, Unreadable):
        return national
    return _geographic(national)


def read_caller_id(raw: str) -> str | Unreadable:
    """Read a number to show or to be called back on: as `read_number`, and toll-free ones too.

    It must be written in E.164, as it will be sent."""
    if not re.fullmatch(r"\+1[0-9]{10}", raw):
        return _invalid("it is not written as +1 and ten digits", "Write it like +12125550123.")
    national = _national_number(raw, "US")
    if isinstance(national, Unreadable):
        return national
    if _kind(national) == PhoneNumberType.TOLL_FREE:
        return f"+1{national}"
    number = _geographic(national)
    return number if isinstance(number, Unreadable) else number.e164


def _national_number(raw: str, region: str) -> str | Unreadable:
    """The ten digits of a +1 number, from whatever a person or a spreadsheet wrote."""
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
    return _north_american(digits, plus, region)


def _several_numbers(text: str) -> Unreadable | None:
    parts = [part for part in _BETWEEN_NUMBERS.split(text) if len(re.findall(r"\d", part)) >= 7]
    if len(parts) > 1 or len(re.findall(r"\d", text)) > _E164_DIGITS:
        return _invalid(
            "there seem to be two numbers in one cell",
            "Give each number a row of its own.",
        )
    return None


def _north_american(digits: str, plus: bool, region: str) -> str | Unreadable:
    if len(digits) == 3 and digits.endswith("11"):
        return _invalid(f"{digits} is a service code, not a person", "Remove the row.")
    abroad = digits.startswith("011") and len(digits) > _NANP_DIGITS
    if region == "US" and not plus and abroad:
        plus, digits = True, digits.removeprefix("011")
    if plus or region != "US":
        try:
            parsed = phonenumbers.parse(f"+{digits}" if plus else digits, region)
        except phonenumbers.NumberParseException:
            return _wrong_length(digits)
        if parsed.country_code != 1:
            if not phonenumbers.is_possible_number(parsed):
                return _invalid(
                    f"it begins with country code +{parsed.country_code} but has the wrong length",
                    "Write a US number with ten digits, or with +1 and ten digits.",
                )
            return _other_country(f"it is a number of country code +{parsed.country_code}")
        digits = str(parsed.national_number)
    national = digits.removeprefix("1") if len(digits) == _NANP_DIGITS + 1 else digits
    if len(national) != _NANP_DIGITS:
        return _wrong_length(national)
    area, exchange = national[:3], national[3:6]
    for name, code in (("area code", area), ("exchange code", exchange)):
        if code[0] in "01" or code[1:] == "11":
            return _invalid(f"no {name} is {code}", "Check the number.")
    return national


def _geographic(national: str) -> PhoneNumber | Unreadable:
    area = national[:3]
    parsed = phonenumbers.PhoneNumber(country_code=1, national_number=int(national))
    kind = _kind(national)
    if area in _SPECIAL_AREA_CODES or kind not in _GEOGRAPHIC:
        what = _SPECIAL_AREA_CODES.get(area, "not an area code of a place (toll-free or personal)")
        return Unreadable(
            ReasonCode.NON_GEOGRAPHIC,
            f"{area} is {what}: nobody's local time is known",
            "Give the person's own number.",
        )
    region = phonenumbers.region_code_for_number(parsed)
    if region is None:
        return _invalid(
            f"area code {area} or this number in it is not assigned", "Check the number."
        )
    if region not in US_REGIONS:
        return _other_country(f"area code {area} belongs to another country ({region})")
    if not (kind != PhoneNumberType.UNKNOWN or _fictitious(national)):
        return _invalid(f"no number of area code {area} looks like this", "Check the number.")
    zones = set(_area_code_zones().get(area, ()))
    found = timezone.time_zones_for_geographical_number(parsed)
    if not _whole_plan(found):
        zones.update(found)
    if not zones:
        return Unreadable(
            ReasonCode.TZ_UNKNOWN,
            f"no time zone is known for area code {area}, so no hour is known to be lawful",
            "Remove the row, or update the phonenumbers package.",
        )
    return PhoneNumber(f"+1{national}", region, tuple(sorted(zones)))


def _kind(national: str) -> int:
    kind: int = phonenumbers.number_type(
        phonenumbers.PhoneNumber(country_code=1, national_number=int(national))
    )
    return kind


def _fictitious(national: str) -> bool:
    """555-0100 to 555-0199 are set aside in every area code for made-up numbers."""
    return national[3:8] == "55501"


def _whole_plan(zones: tuple[str, ...]) -> bool:
    """The library's way of saying it does not know: unknown, or every zone of the country code."""
    return zones == (timezone.UNKNOWN_TIMEZONE,) or zones == _plan_zones()


@cache
def _plan_zones() -> tuple[str, ...]:
    toll_free = phonenumbers.PhoneNumber(country_code=1, national_number=8005550123)
    zones: tuple[str, ...] = timezone.time_zones_for_geographical_number(toll_free)
    return zones


@cache
def _area_code_zones() -> Mapping[str, tuple[str, ...]]:
    text = resources.files("dialer.compliance").joinpath("area_codes.toml").read_text("utf-8")
    return {area: tuple(zones) for area, zones in tomllib.loads(text)["zones"].items()}


def _invalid(explain: str, remedy: str) -> Unreadable:
    return Unreadable(ReasonCode.INVALID_NUMBER, explain, remedy)


def _wrong_length(digits: str) -> Unreadable:
    return _invalid(
        f"it has {len(digits)} digits; a US number has ten, or eleven with a leading 1",
        "Complete the number.",
    )


def _other_country(explain: str) -> Unreadable:
    return Unreadable(
        ReasonCode.JURISDICTION_NOT_ENABLED,
        f"{explain}; only the United States are enabled",
        "Remove the row.",
    )
