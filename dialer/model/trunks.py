"""A carrier contract."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Trunk:
    """`address` is the SIP host:port of calls; `channels` and `cps` (calls a second) cap them."""

    name: str
    address: str
    channels: int
    cps: float
