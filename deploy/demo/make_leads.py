"""Make the demo's lead file and do-not-call lists: `python deploy/demo/make_leads.py`.

Writes `campaigns/demo/leads.csv` and `dnc_lists/national.txt`, `internal.txt`; they are committed,
and the same script always writes the same bytes. Every number is fictitious (555-0100 to 555-0199),
every person invented, area codes and towns are real. What a number does when dialled follows from
its last two digits (`behaviours.toml`).

The numbers are chosen for a Wednesday, 12:30 in New York: then the mainland and Puerto Rico may be
called, while Hawaii and Alaska are outside the campaign's hours. Guam and Saipan have country codes
of their own, which the demo does not enable. The file has the dirt real ones have: a byte order
mark, numbers written in a dozen ways, duplicates, rows to refuse.
"""

from __future__ import annotations

import csv
import io
import random
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
HEADER = ("Lead ID", "First Name", "Last Name", "City", "State", "ZIP", "Phone", "Notes")

DIALLED = {
    "human_short": 116,
    "human_long": 18,
    "human_2s": 10,
    "human_8s": 4,
    "human_18s": 2,
    "machine_beep": 38,
    "no_answer": 5,
    "busy": 12,
    "declined": 7,
    "vacant": 9,
    "sit_early": 3,
    "sit_answered": 3,
    "fax": 4,
    "congestion": 5,
    "hangup_greeting": 5,
    "silent": 3,
}
"""Leads that may be called, by behaviour."""
SLOW = ("no_answer", "human_8s", "human_18s")
SLOW_BEFORE = 0.55
"""Calls that ring long stand in the first part of the file, so that nobody waits for them at the
end of the demo."""
ON_NATIONAL, ON_INTERNAL, ON_BOTH = 17, 11, 2
OUTSIDE_HOURS = {"808": 12, "907": 10}
NOT_ENABLED = {"671": 8, "670": 4}
LISTED_ELSEWHERE = 420
"""Numbers on the national list that no lead has."""


class Place(NamedTuple):
    area_code: str
    city: str
    state: str
    zip_code: str


OPEN = tuple(
    Place(*line.split("|"))
    for line in (
        "212|New York|NY|10001",
        "617|Boston|MA|02108",
        "215|Philadelphia|PA|19102",
        "305|Miami|FL|33128",
        "404|Atlanta|GA|30303",
        "216|Cleveland|OH|44113",
        "313|Detroit|MI|48226",
        "704|Charlotte|NC|28202",
        "202|Washington|DC|20001",
        "312|Chicago|IL|60602",
        "713|Houston|TX|77002",
        "504|New Orleans|LA|70112",
        "612|Minneapolis|MN|55401",
        "615|Nashville|TN|37201",
        "816|Kansas City|MO|64106",
        "405|Oklahoma City|OK|73102",
        "303|Denver|CO|80202",
        "505|Albuquerque|NM|87102",
        "801|Salt Lake City|UT|84101",
        "406|Billings|MT|59101",
        "602|Phoenix|AZ|85003",
        "520|Tucson|AZ|85701",
        "206|Seattle|WA|98101",
        "415|San Francisco|CA|94102",
        "213|Los Angeles|CA|90012",
        "503|Portland|OR|97204",
        "702|Las Vegas|NV|89101",
        "787|San Juan|PR|00901",
    )
)
CLOSED = {
    "808": Place("808", "Honolulu", "HI", "96813"),
    "907": Place("907", "Anchorage", "AK", "99501"),
    "671": Place("671", "Hagåtña", "GU", "96910"),
    "670": Place("670", "Saipan", "MP", "96950"),
}
OWN_NUMBERS = frozenset({"2025550198", "2025550199"})
"""The campaign's own: never leads."""

FIRST_NAMES = (
    "Ada",
    "Basil",
    "Cora",
    "Desmond",
    "Edith",
    "Felix",
    "Greta",
    "Hugo",
    "Ines",
    "Jasper",
    "Kiki",
    "Lionel",
    "Mabel",
    "Nestor",
    "Opal",
    "Percy",
    "Quincy",
    "Rosa",
    "Silas",
    "Thelma",
    "Ugo",
    "Vera",
    "Wendell",
    "Xenia",
    "Yorick",
    "Zelda",
    "José",
    "Zoë",
)
LAST_NAMES = (
    "Sample",
    "Example",
    "Placeholder",
    "Specimen",
    "Testwell",
    "Mockford",
    "Fictional",
    "Madeup",
    "Pretend",
    "Notreal",
    "O'Example",
    "Sample-Jones",
    "Beispiel",
    "Ejemplo",
    "Exemple",
    "Loremsen",
    "Ipsumova",
    "Dummett",
)
NOTES = (
    "",
    "",
    "",
    "",
    "Prefers mornings, has a dog",
    'Asked for "Ada", not "Addie"',
    "Bay windows, two floors",
    'Sign says "Sample & Sons", ring twice',
    "Called us in March; wants a quote",
    "Corner house,\nblue door",
    "=see last year",
)


class Row(NamedTuple):
    """A line of the file before it has an id. `slow` rows are kept away from the file's end."""

    cells: tuple[str, ...]
    slow: bool = False


def _full_width(digits: str) -> str:
    return "".join(chr(ord("０") + int(digit)) for digit in digits)


SPELLINGS: tuple[Callable[[str], str], ...] = (
    lambda n: f"({n[:3]}) {n[3:6]}-{n[6:]}",
    lambda n: f"{n[:3]}-{n[3:6]}-{n[6:]}",
    lambda n: f"+1.{n[:3]}.{n[3:6]}.{n[6:]}",
    lambda n: f"1-{n[:3]}-{n[3:6]}-{n[6:]}",
    lambda n: f"{n}.0",
    lambda n: n,
    lambda n: f"+1{n}",
    lambda n: f"  ({n[:3]}) {n[3:6]}-{n[6:]} ",
    lambda n: f"1 {n[:3]} {n[3:6]} {n[6:]}",
    lambda n: f"{n[:3]}.{n[3:6]}.{n[6:]}\t",
    lambda n: f"{n[:3]}\u2013{n[3:6]}\u2013{n[6:]}",
    lambda n: f"{_full_width(n[:3])}-{_full_width(n[3:6])}-{_full_width(n[6:])}",
)
COMMON_SPELLINGS = SPELLINGS[:8]


class Numbers:
    """Deals out numbers, each once."""

    def __init__(self, dice: random.Random) -> None:
        table = tomllib.loads((HERE / "behaviours.toml").read_text("utf-8"))["behaviours"]
        self._suffixes = {
            name: [xx for first, last in entry["suffixes"] for xx in range(first, last + 1)]
            for name, entry in table.items()
        }
        self._dice = dice
        self._dealt: set[str] = set(OWN_NUMBERS)

    def deal(self, area_codes: tuple[str, ...], behaviour: str | None = None) -> str:
        """Ten digits nobody has yet, in one of the area codes, with the behaviour if named."""
        suffixes = range(100) if behaviour is None else self._suffixes[behaviour]
        free = [
            number
            for area_code in area_codes
            for xx in suffixes
            if (number := f"{area_code}55501{xx:02d}") not in self._dealt
        ]
        number = self._dice.choice(free)
        self._dealt.add(number)
        return number


class Maker:
    """Makes the rows, and with them the lists that some of their numbers are on."""

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(seed)
        self._numbers = Numbers(self._dice)
        self._places = {place.area_code: place for place in OPEN} | CLOSED
        self._open = tuple(place.area_code for place in OPEN)
        self.national: list[str] = []
        self.internal: list[str] = []

    def rows(self) -> list[Row]:
        """Every row in the file's order."""
        dialled = [
            (self._numbers.deal(self._open, behaviour), behaviour in SLOW)
            for behaviour, count in DIALLED.items()
            for _ in range(count)
        ]
        rows = [self._lead(number, slow=slow) for number, slow in dialled]
        rows += [self._lead(number) for number in self._listed()]
        rows += [
            self._lead(self._numbers.deal((area_code,)))
            for area_code, count in (OUTSIDE_HOURS | NOT_ENABLED).items()
            for _ in range(count)
        ]
        again = self._dice.sample([number for number, slow in dialled if not slow], 11)
        rows += [self._lead(number) for number in again]
        rows += list(self._refused())
        self._dice.shuffle(rows)
        self._slow_first(rows)
        self.national += [self._numbers.deal(self._open) for _ in range(LISTED_ELSEWHERE)]
        return rows

    def _listed(self) -> Iterator[str]:
        for place in range(ON_NATIONAL + ON_INTERNAL + ON_BOTH):
            number = self._numbers.deal(self._open)
            if place < ON_NATIONAL + ON_BOTH:
                self.national.append(number)
            if place >= ON_NATIONAL:
                self.internal.append(number)
            yield number

    def _refused(self) -> Iterator[Row]:
        """Rows that no dialer should load, each for another reason."""
        first, second = (self._numbers.deal(self._open) for _ in range(2))
        for phone in (
            "CALL-ME-NOW",
            "212-555-O1OO",
            "ask at office",
            "555-0123",
            "5550144",
            "(312) 555-01",
            "",
            "   ",
            "",
            "112-555-0123",
            "(011) 555-0150",
            "911-555-0101",
            "555 555 0199",
            "800-555-0123",
            "1-888-555-0177",
            "+1 900 555 0110",
            "+1 416 555 0123",
            "2.12556E+09",
            f"{first} / {second}",
            f"{self._numbers.deal(self._open)} ext 12",
            "#REF!",
        ):
            yield self._row(self._dice.choice(OPEN), phone)
        ragged = self._row(self._dice.choice(OPEN), self._numbers.deal(self._open))
        yield Row(ragged.cells[:5])
        ragged = self._row(self._dice.choice(OPEN), self._numbers.deal(self._open))
        yield Row((*ragged.cells[:3], "Springfield", "somewhere", *ragged.cells[3:]))

    def _lead(self, number: str, *, slow: bool = False) -> Row:
        spellings = COMMON_SPELLINGS if self._dice.random() < 0.9 else SPELLINGS
        return self._row(self._places[number[:3]], self._dice.choice(spellings)(number), slow=slow)

    def _row(self, place: Place, phone: str, *, slow: bool = False) -> Row:
        first, last = self._dice.choice(FIRST_NAMES), self._dice.choice(LAST_NAMES)
        if self._dice.random() < 0.03:
            last = f"{last}, Jr."
        note = self._dice.choice(NOTES)
        return Row((first, last, place.city, place.state, place.zip_code, phone, note), slow)

    def _slow_first(self, rows: list[Row]) -> None:
        """Change places of slow rows in the file's last part with others before it."""
        limit = int(len(rows) * SLOW_BEFORE)
        for late in (index for index in range(limit, len(rows)) if rows[index].slow):
            early = self._dice.choice([i for i in range(limit) if not rows[i].slow])
            rows[early], rows[late] = rows[late], rows[early]

    def internal_lines(self) -> list[str]:
        """One number a line, as people typed them over the years."""
        spellings = (SPELLINGS[0], SPELLINGS[1], SPELLINGS[2], SPELLINGS[5], SPELLINGS[6])
        others = [self._numbers.deal(self._open) for _ in range(25)]
        return [self._dice.choice(spellings)(number) for number in sorted(self.internal + others)]


def main() -> None:
    maker = Maker(seed=20_261_121)
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(HEADER)
    for place, row in enumerate(maker.rows(), start=1):
        writer.writerow((f"L{place:04d}", *row.cells))
    leads = ROOT / "campaigns" / "demo" / "leads.csv"
    leads.write_bytes(text.getvalue().encode("utf-8-sig"))
    national = sorted(f"{number[:3]},{number[3:]}\n" for number in maker.national)
    (ROOT / "dnc_lists" / "national.txt").write_text("".join(national), "utf-8")
    internal = "".join(f"{line}\n" for line in maker.internal_lines())
    (ROOT / "dnc_lists" / "internal.txt").write_text(internal, "utf-8")


if __name__ == "__main__":
    main()
