"""A carrier contract."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Trunk:
    """`address` is the SIP host:port calls go to; `channels` and `cps` (calls per second) cap them."""

    name: str
    address: str
    channels: int
    cps: float
