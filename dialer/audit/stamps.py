"""Time stamps (RFC 3161): an authority outside the house says that a checkpoint existed by a time.

A stamp is the authority's whole response over a checkpoint's note. That it is about this note is
checked here; who the authority is and whether its certificate is to be trusted, anybody can check
with `openssl ts -verify`, for which bundles carry the response as it came.
"""

from __future__ import annotations

import hashlib

from rfc3161_client import (
    HashAlgorithm,
    PKIStatus,
    TimeStampRequest,
    TimestampRequestBuilder,
    decode_timestamp_response,
)

from dialer.model.instant import Instant, instant_of

QUERY_TYPE = "application/timestamp-query"
REPLY_TYPE = "application/timestamp-reply"
SHA256_OID = "2.16.840.1.101.3.4.2.1"


class BadStamp(ValueError):
    """A response that is no time stamp of what it should be of; says why."""


def stamp_request(note: str) -> TimeStampRequest:
    """What is asked of an authority: the SHA-256 of the note, a nonce, its certificate please."""
    builder = TimestampRequestBuilder().data(note.encode())
    return builder.hash_algorithm(HashAlgorithm.SHA256).build()


def read_stamp(note: str, response: bytes, asked: TimeStampRequest | None = None) -> Instant:
    """When the authority saw the note. `asked`: the request, where it is still known.

    Raises BadStamp where the response is none, was refused, or is of something else.
    """
    try:
        answer = decode_timestamp_response(response)
        status = PKIStatus(answer.status)
    except ValueError as error:
        raise BadStamp(f"it is no time stamp: {error}") from error
    if status not in (PKIStatus.GRANTED, PKIStatus.GRANTED_WITH_MODS):
        raise BadStamp(f"the authority refused: {', '.join(answer.status_string) or status.name}")
    told = answer.tst_info
    imprint = told.message_imprint
    if imprint.hash_algorithm.dotted_string != SHA256_OID:
        raise BadStamp("it is not made with SHA-256")
    if imprint.message != hashlib.sha256(note.encode()).digest():
        raise BadStamp("it is of another text")
    if asked is not None and told.nonce != asked.nonce:
        raise BadStamp("it answers another question: the nonce is not ours")
    return instant_of(told.gen_time)
