"""Campaign files: good ones load whole, bad ones name every problem with its line."""

from __future__ import annotations

import wave
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dialer.intake.campaign_files import load_campaign, load_campaigns
from dialer.model.campaigns import DialMode
from dialer.model.dispositions import Recycle
from dialer.model.errors import OperatorError, Problem
from dialer.model.instant import HOUR_MS, MINUTE_MS
from dialer.model.numbers import CallerId, CallerIdLimits
from dialer.model.screening import Purpose

GOOD = """\
title = "Spring"
seller = "Clearview Sample Windows"
seller_phone = "+12025550198"
mode = "predictive"
drop_ceiling = 0.03
ring_timeout_s = 22
trunk = "demo"
caller_ids = [{ number = "+12025550199", name = "Clearview" }]
script = "script.txt"
drop_message = "message.wav"
attempts_per_day = 2
min_gap_minutes = 60
max_attempts = 6
wrapup_limit_s = 60

[hours]
mon = "09:00-20:00"
sat = "10:00-18:00"

[[lists]]
file = "leads.csv"
phone_column = "Phone"
[lists.merge]
first_name = "First Name"

[[dispositions]]
name = "SALE"
label = "Sale"

[[dispositions]]
name = "NO_ONE_THERE"
label = "Nobody spoke"
recycle = { after_minutes = 240, max_attempts = 3 }

[recycle]
BUSY = { after_minutes = 15, max_attempts = 4 }

[[agents]]
name = "agent01"
display_name = "Ada Sample"
phone = "sip:agent01@127.0.0.1:5090"
"""


def write_wav(path: Path, *, rate: int = 8000, channels: int = 1, width: int = 2) -> None:
    with path.open("wb") as stream, wave.open(stream, "wb") as audio:
        audio.setframerate(rate)
        audio.setnchannels(channels)
        audio.setsampwidth(width)
        audio.writeframes(bytes(width * channels * 160))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "spring-2026"
    folder.mkdir()
    (folder / "campaign.toml").write_text(GOOD, encoding="utf-8")
    (folder / "script.txt").write_text("Hello {first_name},\nI am {agent}.\n", encoding="utf-8")
    (folder / "leads.csv").write_text("Phone,First Name\n", encoding="utf-8")
    write_wav(folder / "message.wav")
    return folder


def problems_of(folder: Path, old: str = "", new: str = "") -> tuple[Problem, ...]:
    assert old in GOOD
    (folder / "campaign.toml").write_text(GOOD.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(OperatorError) as caught:
        load_campaign(folder)
    return caught.value.problems


def test_a_good_file(folder: Path) -> None:
    campaign = load_campaign(folder)
    assert campaign.name == "spring-2026"
    assert campaign.mode is DialMode.PREDICTIVE
    assert campaign.caller_ids[0].e164 == "+12025550199"
    assert campaign.hours.days == ((540, 1200), None, None, None, None, (600, 1080), None)
    assert campaign.lists[0].merge_columns == {"first_name": "First Name"}
    assert campaign.lists[0].file == "leads.csv"
    assert campaign.recycle == {"BUSY": Recycle(15 * MINUTE_MS, 4)}
    assert campaign.dispositions[1].recycle == Recycle(4 * HOUR_MS, 3)
    assert campaign.script.startswith("Hello {first_name}")
    assert Path(campaign.drop_message) == (folder / "message.wav").resolve()
    assert (campaign.ring_timeout_ms, campaign.min_gap_ms) == (22_000, HOUR_MS)
    assert (campaign.attempts_per_day, campaign.wrapup_limit_ms) == (2, MINUTE_MS)
    assert (campaign.subject, campaign.purpose) == ("Spring", Purpose.SALES)
    assert (campaign.lists[0].state_column, campaign.lists[0].zip_column) == (None, None)
    assert campaign.lists[0].contact_column is None
    assert campaign.link_numbers


CALLERS = 'caller_ids = [{ number = "+12025550199", name = "Clearview" }]\n'


def test_a_caller_id_may_carry_its_proof_and_limits(folder: Path) -> None:
    more = """\
caller_ids = [
  { number = "+12025550199", proof = "no. 17", valid_from = 2026-01-01, valid_to = 2027-01-01 },
  { number = "+12025550198", proof = "contract 18" },
]
caller_id_limits = { per_day = 75, gap_s = 30 }
"""
    (folder / "campaign.toml").write_text(GOOD.replace(CALLERS, more), encoding="utf-8")
    campaign = load_campaign(folder)
    assert campaign.caller_ids == (
        CallerId("+12025550199", "", "no. 17", date(2026, 1, 1), date(2027, 1, 1)),
        CallerId("+12025550198", "", "contract 18"),
    )
    assert campaign.caller_id_limits == CallerIdLimits(75, None, 30_000)


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("valid_from = 2026-01-01", "the dates of a proof that is not named"),
        (
            'proof = "c", valid_from = 2026-01-02, valid_to = 2026-01-01',
            "ends on 2026-01-01, before",
        ),
        ('proof = "c", valid_to = "2026-01-01"', "caller_ids[1].valid_to: this must be a day"),
        (
            'proof = "c", valid_to = 2026-01-01T00:00:00Z',
            "caller_ids[1].valid_to: this must be a day",
        ),
        ('proof = ""', "caller_ids[1].proof: the text is empty"),
    ],
)
def test_a_proof_that_proves_nothing_is_named_with_its_line(
    folder: Path, entry: str, words: str
) -> None:
    text = GOOD.replace(CALLERS, f'caller_ids = [{{ number = "+12025550199", {entry} }}]\n')
    (folder / "campaign.toml").write_text(text, encoding="utf-8")
    with pytest.raises(OperatorError) as caught:
        load_campaign(folder)
    (problem,) = caught.value.problems
    assert words in problem.message
    assert problem.line == 8


def test_subject_purpose_and_address_columns_may_be_said(folder: Path) -> None:
    more = (
        'title = "Spring"\nsubject = "windows"\npurpose = "business"\nlink_numbers = false\n'
        "drop_cooldown_hours = 24\n"
    )
    columns = (
        'phone_column = "Phone"\nstate_column = "State"\nzip_column = "ZIP"\n'
        'contact_column = "Customer"\n'
    )
    text = GOOD.replace('title = "Spring"\n', more).replace('phone_column = "Phone"\n', columns)
    (folder / "campaign.toml").write_text(text, encoding="utf-8")
    campaign = load_campaign(folder)
    assert (campaign.subject, campaign.purpose) == ("windows", Purpose.BUSINESS)
    assert (campaign.lists[0].state_column, campaign.lists[0].zip_column) == ("State", "ZIP")
    assert campaign.lists[0].contact_column == "Customer"
    assert not campaign.link_numbers
    assert campaign.drop_cooldown_ms == 24 * HOUR_MS


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("ring_timeout_s = 22", "ring_timeout_s = 14", 6, "16 CFR 310.4(b)(4)(ii)"),
        ("ring_timeout_s = 22", 'ring_timeout_s = "22"', 6, "whole number"),
        ('title = "Spring"', 'title = "Spring"\nsubject = " "', 2, "subject: the text is empty"),
        ('title = "Spring"', 'title = "Spring"\npurpose = "fun"', 2, "must be 'sales'"),
        ('title = "Spring"', 'title = "Spring"\ndrop_cooldown_hours = 73', 2, "equal to 72"),
        ('"Phone"', '"Phone"\nstate_column = ""', 23, "lists[1].state_column: the text is empty"),
        ('"Phone"', '"Phone"\nzip_column = 5', 23, "lists[1].zip_column: this must be text"),
        ("ring_timeout_s = 22", "ring_timeout_s = 121", 6, "120"),
        ("drop_ceiling = 0.03", "drop_ceiling = 0.04", 5, "16 CFR 310.4(b)(4)(i)"),
        ("drop_ceiling = 0.03", "drop_ceiling = 0.0", 5, "above 0"),
        ("drop_ceiling = 0.03", "drop_ceiling = nan", 5, "above 0"),
        ("drop_ceiling", "drop_celing", 5, "Did you mean 'drop_ceiling'?"),
        ("ring_timeout_s = 22", "zzz = 22", 6, "not known"),
        ('"predictive"', '"PREDICTIVE"', 4, "'preview', 'progressive' or 'predictive'"),
        ("+12025550198", "202-555-0198", 3, "+12125550123"),
        ("+12025550199", "+14165550199", 8, "another country"),
        ('name = "Clearview"', 'nam = "Clearview"', 8, "Did you mean 'name'?"),
        ('name = "Clearview"', 'name = "Clear\\nview"', 8, "line breaks"),
        ('trunk = "demo"\n', "", None, "'trunk' is missing"),
        ('trunk = "demo"', 'trunk = " "', 7, "empty"),
        ("script.txt", "other.txt", 9, "there is no file"),
        ("script.txt", "../script.txt", 9, "inside the campaign's folder"),
        ("leads.csv", "/etc/hostname", 21, "inside the campaign's folder"),
        ("leads.csv", "other.csv", 21, "there is no file"),
        ("09:00-20:00", "9-20", 17, "HH:MM-HH:MM"),
        ("09:00-20:00", "07:30-20:00", 17, "47 CFR 64.1200(c)(1)"),
        ("10:00-18:00", "10:00-21:01", 18, "47 CFR 64.1200(c)(1)"),
        ("sat =", "saturday =", 18, "Did you mean 'sat'?"),
        ('mon = "09:00-20:00"\nsat = "10:00-18:00"\n', "", 16, "nobody would ever be called"),
        ('phone_column = "Phone"', "", 20, "'phone_column' is missing"),
        ('phone_column = "Phone"', 'phone_column = "Phone"\nencoding = "cp99"', 23, "encoding"),
        ('"SALE"', '"Sale"', 27, "capitals"),
        ('"SALE"', '"BUSY"', 27, "the system gives"),
        ('"SALE"', '"NO_ONE_THERE"', 31, "already, on line 27"),
        ("after_minutes = 240", "after_minuts = 240", 33, "Did you mean 'after_minutes'?"),
        ("BUSY = {", "BUZY = {", 36, "Did you mean 'BUSY'?"),
        ("after_minutes = 15", "after_minutes = -1", 36, "greater than or equal to 0"),
        ("sip:agent01@127.0.0.1:5090", "agent01", 41, "SIP address"),
        ('"agent01"', '"agent 01"', 39, "sign-in name"),
        ("[[agents]]", "[[agenten]]", 38, "Did you mean 'agents'?"),
        ("max_attempts = 6", "max_attempts = 0", 13, "greater than or equal to 1"),
        ("attempts_per_day = 2", "attempts_per_day = 2.5", 11, "whole number"),
        ("attempts_per_day = 2", 'opt_out_key = "90"', 11, "no key of a telephone"),
        ('"Spring"', "Spring", 1, "not valid TOML"),
        ('caller_ids = [{ number = "+12025550199", name = "Clearview" }]', "caller_ids = []", 8,
         "at least one"),
    ],
)  # fmt: skip
def test_one_mistake_is_named_with_its_line(
    folder: Path, old: str, new: str, line: int | None, says: str
) -> None:
    problems = problems_of(folder, old, new)
    fitting = [problem for problem in problems if says in str(problem)]
    assert fitting, problems
    assert fitting[0].line in ((line, 22) if "encoding =" in new else (line,))
    assert fitting[0].where == str(folder / "campaign.toml")
    assert fitting[0].remedy


def test_the_opt_out_key(folder: Path) -> None:
    assert load_campaign(folder).opt_out_key == ""
    text = GOOD.replace("attempts_per_day = 2", 'opt_out_key = "#"')
    (folder / "campaign.toml").write_text(text, "utf-8")
    assert load_campaign(folder).opt_out_key == "#"


def test_all_mistakes_are_named_at_once_in_file_order(folder: Path) -> None:
    broken = GOOD.replace("0.03", "3").replace("09:00", "04:00").replace("BUSY", "BUSSY")
    (folder / "campaign.toml").write_text(broken.replace("message.wav", "none.wav"), "utf-8")
    with pytest.raises(OperatorError) as caught:
        load_campaign(folder)
    assert [problem.line for problem in caught.value.problems] == [5, 10, 17, 36]


@pytest.mark.parametrize(
    "wrong", [{"rate": 16_000}, {"channels": 2}, {"width": 1}, {"rate": 44_100, "channels": 2}]
)
def test_the_message_must_be_telephone_audio(folder: Path, wrong: dict[str, int]) -> None:
    write_wav(folder / "message.wav", **wrong)
    (problem,) = problems_of(folder)
    assert problem.line == 10
    assert "8000 Hz, 1 channel, 16 bits" in problem.message
    assert "sox" in problem.remedy


@pytest.mark.parametrize("content", [b"", b"ID3 not audio", b"RIFF\x04\0\0\0WAVE"])
def test_the_message_must_be_audio_at_all(folder: Path, content: bytes) -> None:
    (folder / "message.wav").write_bytes(content)
    (problem,) = problems_of(folder)
    assert "no WAV file" in problem.message


@pytest.mark.parametrize(
    ("script", "line", "says"),
    [
        ("Hello\n{last_name}", 2, "not filled from leads.csv"),
        ("{firstname}", 1, "Did you mean 'first_name'?"),
        ("Hello {first_name", 1, "not closed"),
        ("Hello {}", 1, "not filled"),
    ],
)
def test_merge_fields_of_the_script(folder: Path, script: str, line: int, says: str) -> None:
    (folder / "script.txt").write_text(script, encoding="utf-8")
    (problem,) = problems_of(folder)
    assert (problem.where, problem.line) == (str(folder / "script.txt"), line)
    assert says in str(problem)


def test_a_script_that_is_not_utf8(folder: Path) -> None:
    (folder / "script.txt").write_bytes(b"Gr\xfc\xdfe")
    (problem,) = problems_of(folder)
    assert (problem.line, "UTF-8" in problem.remedy) == (9, True)


def test_a_folder_name_that_is_no_campaign_name(folder: Path) -> None:
    renamed = folder.rename(folder.with_name("Spring 2026"))
    with pytest.raises(OperatorError, match="folder's name"):
        load_campaign(renamed)


def test_a_broken_campaign_does_not_hide_the_good_ones(folder: Path) -> None:
    root = folder.parent
    (root / "broken").mkdir()
    (root / "broken" / "campaign.toml").write_text("title = ", encoding="utf-8")
    (root / "empty").mkdir()
    (root / ".git").mkdir()
    campaigns, problems = load_campaigns(root)
    assert list(campaigns) == ["spring-2026"]
    assert [problem.where for problem in problems] == [
        str(root / "broken" / "campaign.toml"),
        str(root / "empty" / "campaign.toml"),
    ]


def test_no_campaigns_folder(tmp_path: Path) -> None:
    campaigns, problems = load_campaigns(tmp_path / "none")
    assert not campaigns
    assert "cannot be read" in problems[0].message


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.one_of(
        st.binary(max_size=200),
        st.tuples(st.integers(0, len(GOOD)), st.integers(0, 20), st.binary(max_size=10)).map(
            lambda cut: GOOD.encode()[: cut[0]] + cut[2] + GOOD.encode()[cut[0] + cut[1] :]
        ),
    )
)
def test_any_bytes_load_or_name_problems(folder: Path, content: bytes) -> None:
    (folder / "campaign.toml").write_bytes(content)
    try:
        campaign = load_campaign(folder)
    except OperatorError as error:
        assert error.problems
        lines = content.count(b"\n") + 1
        assert all(
            problem.line is None or 1 <= problem.line <= lines
            for problem in error.problems
            if problem.where.endswith("campaign.toml")
        )
    else:
        assert campaign.name == folder.name
        assert campaign.ring_timeout_ms >= 15_000
        assert 0 < campaign.drop_ceiling <= 0.03


def test_the_demo_campaign_is_good() -> None:
    campaigns, problems = load_campaigns(Path(__file__).parents[2] / "campaigns")
    assert not problems
    assert "demo" in campaigns
