"""The secrets of a journal: files of their own beside the database, each made once, mode 0600.

`personal_key` hides personal data (see `dialer.audit.personal`); `checkpoint_key` signs checkpoints
(Ed25519). A backup of the database without them cannot be continued, so a missing key is an error,
not a reason to make a new one, as soon as there is a journal.
"""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from dialer.audit.checkpoints import Signer
from dialer.audit.personal import PersonalKey
from dialer.model.errors import OperatorError, Problem

PERSONAL_KEY = "personal_key"
CHECKPOINT_KEY = "checkpoint_key"
SECRET_BYTES = 32


def personal_key(folder: Path) -> PersonalKey:
    """The key that hides personal data. Raises OperatorError where there is none."""
    return PersonalKey(read_secret(folder / PERSONAL_KEY))


def signer(folder: Path) -> Signer:
    """What signs checkpoints. Raises OperatorError where there is no key."""
    return Signer(read_secret(folder / CHECKPOINT_KEY))


def make_secrets(folder: Path) -> None:
    """Make the keys that are not there yet. For a journal without entries only."""
    for name in (PERSONAL_KEY, CHECKPOINT_KEY):
        _make_secret(folder / name)


def read_secret(file: Path) -> bytes:
    """A secret as `make_secrets` wrote it. Raises OperatorError where it cannot be read."""
    try:
        text = file.read_text().strip()
    except OSError as error:
        raise OperatorError(
            Problem(
                str(file),
                None,
                f"a key of the journal cannot be read: {error.strerror}",
                "",
                "Restore it from the backup: what the journal hides or signs cannot be checked "
                "without it.",
            )
        ) from error
    with suppress(ValueError):
        secret = bytes.fromhex(text)
        if len(secret) == SECRET_BYTES:
            return secret
    raise OperatorError(
        Problem(
            str(file),
            None,
            f"this is no key: {2 * SECRET_BYTES} hexadecimal digits are expected",
            "",
            "Restore it from the backup.",
        )
    )


def _make_secret(file: Path) -> None:
    """Whole or not at all, whoever else makes it at the same time."""
    if file.exists():
        return
    fresh = file.with_name(f"{file.name}.{os.getpid()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as writing:
            writing.write(secrets.token_hex(SECRET_BYTES) + "\n")
            writing.flush()
            os.fsync(writing.fileno())
        with suppress(FileExistsError):
            file.hardlink_to(fresh)
    finally:
        fresh.unlink()
