"""Where a phone may be: what the number, the address and the tables say together."""

from __future__ import annotations

from dataclasses import dataclass

from dialer.model.screening import ReasonCode


@dataclass(frozen=True, slots=True)
class Place:
    """Everything screening reads about a number's place; the number itself is not in it.

    `country`: ISO 3166 code of the country whose rules bind (Puerto Rico: `US`, with state `PR`;
    Guam, the Virgin Islands, Samoa and the Marianas: their own). `states`: those of the area code
    and of the address together, sorted; all of their laws apply. `zones`: IANA names, sorted; a
    window must be open in every one; empty where none is known. `ladder`: in words, which step gave
    the zones. `fault`: set where the number cannot be called at all, with `fault_explain`.
    """

    country: str
    area_code: str = ""
    states: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()
    address_state: str = ""
    postcode: str = ""
    ladder: str = ""
    fault: ReasonCode | None = None
    fault_explain: str = ""
