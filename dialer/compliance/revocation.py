"""Does what a person said take their consent back? In doubt it does (47 CFR 64.1200(a)(10))."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dialer.model.records import RequestChannel, Revocation

ALWAYS = frozenset({RequestChannel.CALL_KEY, RequestChannel.AGENT, RequestChannel.IMPORT})
"""Channels that carry nothing but requests: a key pressed to opt out, an agent's click, a list of
requests. What stands beside the click is a note, not a message to be judged."""

_WORD = re.compile(r"[a-z']+")
_NOT_REVOKING = frozenset(
    {
        "yes", "yeah", "yep", "ok", "okay", "sure", "thanks", "thank", "you", "please", "hello",
        "hi", "good", "great", "fine", "confirm", "confirmed", "agree", "agreed", "accept", "start",
        "subscribe", "resume", "unstop", "i", "we", "do", "that", "is", "very", "much", "and",
        "call", "calls", "receive", "me", "us", "back", "later", "soon", "tomorrow", "today",
        "anytime", "morning", "noon", "midday", "afternoon", "evening", "am", "pm", "this", "next",
        "week", "at", "in", "the", "on", "after", "before", "around", "my", "number", "monday",
        "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "interested", "want",
        "can", "could", "would", "like", "more", "information", "info", "to", "know", "sounds",
        "talk", "speak",
    }
)  # fmt: skip
"""A message made of these words only asks for more, or says nothing against it. Anything else is
ambiguous, and what is ambiguous revokes."""
_COMPLAINT = re.compile(r"(?<!can )(?<!could )(?<!would )\byou call\b")
"""“You call me in the morning and in the evening” asks for nothing; “can you call me” does."""


def revokes(message: Revocation, words: Sequence[str]) -> bool:
    """Whether the message takes consent back. `words`: the rule's per-se words and phrases."""
    if message.channel in ALWAYS or not message.text.strip():
        return True
    said = _WORD.findall(message.text.casefold().replace("’", "'"))
    line = f" {' '.join(said)} "
    if any(f" {' '.join(_WORD.findall(word.casefold()))} " in line for word in words):
        return True
    if _COMPLAINT.search(line):
        return True
    return not (said and all(word in _NOT_REVOKING for word in said))
