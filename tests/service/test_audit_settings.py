"""`[audit]` in the settings file."""

from __future__ import annotations

from pathlib import Path

import pytest

from dialer.model.errors import OperatorError
from dialer.settings import read_settings

TRUNK = '[[trunks]]\nname = "t"\naddress = "127.0.0.1:5060"\nchannels = 1\ncps = 1.0\n'


def write(folder: Path, audit: str) -> Path:
    file = folder / "dialer.toml"
    file.write_text(f"{TRUNK}[audit]\n{audit}\n")
    return file


def test_files_are_relative_to_the_settings(tmp_path: Path) -> None:
    places = (
        '["kept.txt", "/mnt/safe/kept.txt", "syslog", "syslog:/run/log", "https://a.example/c"]'
    )
    settings = read_settings(write(tmp_path, f'anchors = {places}\ntsa = "http://tsa.example"'))
    assert settings.audit.anchors == (
        str(tmp_path / "kept.txt"),
        "/mnt/safe/kept.txt",
        "syslog",
        "syslog:/run/log",
        "https://a.example/c",
    )
    assert (settings.audit.tsa, settings.audit.keep_years) == ("http://tsa.example", 5)


@pytest.mark.parametrize(
    ("audit", "said"),
    [
        ('anchors = [""]', "must be a file"),
        ('anchors = ["syslog:"]', "must be a file"),
        ('tsa = "tsa.example"', "must be an http"),
        ("keep_years = 4", "greater than or equal to 5"),
        ('anchor = "x"', "audit.anchor"),
    ],
)
def test_what_will_not_do_is_told_by_its_line(tmp_path: Path, audit: str, said: str) -> None:
    file = write(tmp_path, audit)
    with pytest.raises(OperatorError, match=said) as raised:
        read_settings(file)
    assert f"{file}:7" in str(raised.value)
