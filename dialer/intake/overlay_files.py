"""The overlays in an operator's rules folder, in the order they are applied: by file name."""

from __future__ import annotations

from pathlib import Path

from dialer.compliance.law_files import NamedFile
from dialer.model.errors import OperatorError, Problem


def read_overlays(folder: Path | None) -> tuple[NamedFile, ...]:
    """Every `*.toml` of the folder; none where there is no folder.

    Raises OperatorError for a file that cannot be read: an overlay left out might loosen nothing,
    but the rules would not be those the officer set.
    """
    if folder is None or not folder.is_dir():
        return ()
    files = sorted(file for file in folder.iterdir() if file.suffix == ".toml")
    return tuple((file.name, _content(file)) for file in files)


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise OperatorError(
            Problem(
                str(file),
                None,
                f"the overlay cannot be read: {error.strerror or error}",
                "",
                "Correct its permissions, or remove it.",
            )
        ) from error
