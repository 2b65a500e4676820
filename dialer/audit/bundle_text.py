"""The text that goes with a bundle: how to check it, with the program and by hand."""

from __future__ import annotations


def readme(origin: str, first_seq: int, last_seq: int) -> str:
    """The text that goes with a bundle."""
    return _README.format(origin=origin, first=first_seq, last=last_seq)


_README = """\
A part of the journal of {origin}: entries {first} to {last}.

Check it with the program, offline:

    dialer audit verify --bundle THIS_FILE

With a checkpoint of the journal that somebody else kept, and the journal's public key as you know
it from elsewhere, nobody inside the house can have changed what the checkpoint covers:

    dialer audit verify --bundle THIS_FILE --checkpoint KEPT_FILE --key KEY_FILE

Check it by hand:

1. Members. manifest.json gives the SHA-256 of every member; manifest.note is signed over the
   SHA-256 of manifest.json. public_key.txt is name+id+base64 of 0x01 and the Ed25519 key. A note is
   its text, an empty line, and a line of: dash, name, base64 of 4 bytes of key id and 64 bytes of
   signature over the text with its last line's end.
2. Entries. Take a line of entries.jsonl; cut out its first member ("hash":"...", with the comma).
   SHA-256 of what is left, without the line's end, is that hash. prev_hash is the hash of the line
   before; of the first line, "hash" under "before" in manifest.json. seq counts up by one.
3. Checkpoints. The Merkle tree (RFC 6962) over the entries' hashes (32 bytes each, as a leaf:
   SHA-256(0x00 || hash)) has the root that stands, in base64, in the third line of each checkpoint,
   at the size in its second line. manifest.json gives the subtrees before the first entry,
   after.txt the hashes of the entries between the last one here and the last checkpoint.
4. Time stamps, where there are any. stamps/N.tsr is a response of RFC 3161 over the note of the
   checkpoint of N entries: openssl ts -verify -in stamps/N.tsr -data NOTE -CAfile AUTHORITY.

Telephone numbers and words about people are not in the entries: number_key and the values of
"personal" are keyed hashes. personal.jsonl, where it is, says what they stand for.
"""
