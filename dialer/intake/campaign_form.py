"""The shape of a campaign file: which keys there are, and what each may hold.

Every check that needs one value only is here; `campaign_files` adds the lines, and the checks
across values.
"""

from __future__ import annotations

import codecs
import re
import wave
from datetime import date
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    ValidationInfo,
    model_validator,
)

from dialer.compliance.calling_window import DayWindow, minutes_as_text, read_day_window
from dialer.compliance.law import DropRule, HoursRule, RingRule
from dialer.compliance.law_files import load_law
from dialer.compliance.law_in_force import standing
from dialer.compliance.numbering import Unreadable, read_caller_id
from dialer.model.dispositions import SystemDisposition

_LONGEST_RING_S = 120
_AUDIO_RATE = 8_000


class Unfit(ValueError):
    """A value that will not do; `remedy` says what would."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.remedy = remedy


FEDERAL = "US"
"""The jurisdiction whose rows campaign files are checked against; each call is held to all of them.
"""


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise Unfit("this must be text", "Put it in quotes.")
    return value


def _words(text: str) -> str:
    if not text.strip():
        raise Unfit("the text is empty", "Fill it in.")
    return text


def _shown_name(text: str) -> str:
    if any(ord(mark) < 32 or mark in '"\\<>' for mark in text):
        raise Unfit("a shown name cannot hold quotes, <, >, \\ or line breaks", "Leave them out.")
    return text


def _caller_number(text: str) -> str:
    read = read_caller_id(text)
    if isinstance(read, Unreadable):
        raise Unfit(f"this number cannot be used: {read.explain}", read.remedy)
    return read


def _key(text: str) -> str:
    if text not in ("", *"0123456789*#"):
        raise Unfit("this is no key of a telephone", 'Write one of 0 to 9, * or #, like "9".')
    return text


def _agent_name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._\-]*", text):
        raise Unfit(
            "this is no sign-in name", "Use letters, digits, dots, hyphens and underscores."
        )
    return text


def _sip_address(text: str) -> str:
    if not re.fullmatch(r'sips?:[^@\s<>";]+@[^@\s<>"]+', text):
        raise Unfit("this is no SIP address", "Write it like sip:agent01@192.0.2.10:5060.")
    return text


def _disposition_name(text: str) -> str:
    if not re.fullmatch(r"[A-Z][A-Z_]*", text):
        raise Unfit("a disposition's name is written in capitals", "Write it like NOT_INTERESTED.")
    if text in SystemDisposition.__members__:
        raise Unfit("the system gives this disposition itself", "Choose another name.")
    return text


def _day_hours(value: object) -> DayWindow:
    try:
        start, end = read_day_window(_text(value))
    except Unfit:
        raise
    except ValueError as error:
        raise Unfit(str(error), 'Write them like "09:00-20:00".') from error
    for rule in standing(load_law(), FEDERAL, HoursRule):
        lawful = rule.days[0]
        if lawful is not None and (start < lawful[0] or end > lawful[1]):
            hours = f"{minutes_as_text(lawful[0])}-{minutes_as_text(lawful[1])}"
            raise Unfit(
                f"the law allows calls from {hours} of the called party's local time only "
                f"({rule.citation})",
                "Narrow the hours.",
            )
    return start, end


def _text_encoding(text: str) -> str:
    try:
        codecs.lookup(text)
        "".encode(text)
    except (LookupError, ValueError) as error:
        raise Unfit("no such text encoding is known", 'Write "utf-8-sig" or "cp1252".') from error
    return text


def _ring_timeout(seconds: int) -> int:
    for rule in standing(load_law(), FEDERAL, RingRule):
        if seconds * 1_000 < rule.minimum_ms:
            raise Unfit(
                f"a call must ring for at least {rule.minimum_ms // 1_000} s before it is given up "
                f"({rule.citation})",
                "Raise it.",
            )
    if seconds > _LONGEST_RING_S:
        raise Unfit(f"no network rings for more than {_LONGEST_RING_S} s", "Lower it.")
    return seconds


def _ceiling(share: float) -> float:
    for rule in standing(load_law(), FEDERAL, DropRule):
        if not 0 < share <= rule.ceiling:
            raise Unfit(
                f"the share of drops must be above 0 and at most {rule.ceiling} ({rule.citation})",
                f"Write a share, like {rule.ceiling} for {rule.ceiling:.0%}.",
            )
    return share


def _file_of_folder(value: object, info: ValidationInfo) -> Path:
    folder: Path = info.context["folder"] if info.context else Path()
    name = _text(value)
    plain = PurePosixPath(name)
    if not name or plain.is_absolute() or ".." in plain.parts or "\0" in name:
        raise Unfit("only files inside the campaign's folder can be used", "Move the file there.")
    file = folder / plain
    if not file.is_file():
        raise Unfit(f"there is no file {file}", "Add the file, or correct its name.")
    return file


def _message_audio(value: object, info: ValidationInfo) -> Path:
    file = _file_of_folder(value, info)
    remedy = "Convert it: sox IN.wav -r 8000 -c 1 -b 16 OUT.wav"
    try:
        with file.open("rb") as stream, wave.open(stream) as audio:
            found = (audio.getframerate(), audio.getnchannels(), 8 * audio.getsampwidth())
            frames = audio.getnframes()
    except (OSError, EOFError, wave.Error) as error:
        raise Unfit(f"this is no WAV file that can be played ({error})", remedy) from error
    if found != (_AUDIO_RATE, 1, 16):
        rate, channels, bits = found
        raise Unfit(
            f"the message must be 8000 Hz, 1 channel, 16 bits; it is {rate} Hz, {channels} "
            f"channel(s), {bits} bits",
            remedy,
        )
    if not frames:
        raise Unfit("the message has no sound in it", "Record it again.")
    return file


def _script_text(value: object, info: ValidationInfo) -> str:
    try:
        return _file_of_folder(value, info).read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise Unfit(f"the script cannot be read ({error})", "Save it as UTF-8 text.") from error


Words = Annotated[str, AfterValidator(_words)]
Count = Annotated[int, Field(ge=1, le=1_000)]
DayHours = Annotated[DayWindow | None, PlainValidator(_day_hours)]
CallerNumber = Annotated[str, AfterValidator(_caller_number)]


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class CallerIdForm(_Form):
    number: CallerNumber
    name: Annotated[str, AfterValidator(_shown_name)] = ""
    proof: Words | None = None
    valid_from: date | None = None
    valid_to: date | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        begin, end = self.valid_from, self.valid_to
        if begin is not None and end is not None and end < begin:
            raise Unfit(f"the proof ends on {end}, before it begins on {begin}", "Correct a date.")
        if self.proof is None and (begin is not None or end is not None):
            raise Unfit(
                "these are the dates of a proof that is not named",
                'Name it, like proof = "contract 17".',
            )
        return self


class CallerIdLimitsForm(_Form):
    per_day: Annotated[int, Field(ge=1, le=100_000)] | None = None
    per_hour: Annotated[int, Field(ge=1, le=100_000)] | None = None
    gap_s: Annotated[int, Field(ge=0, le=86_400)] = 0


class HoursForm(_Form):
    mon: DayHours = None
    tue: DayHours = None
    wed: DayHours = None
    thu: DayHours = None
    fri: DayHours = None
    sat: DayHours = None
    sun: DayHours = None


class ListForm(_Form):
    file: Annotated[Path, PlainValidator(_file_of_folder)]
    phone_column: Words
    merge: dict[str, Words] = Field(default_factory=dict)
    encoding: Annotated[str, AfterValidator(_text_encoding)] = "utf-8-sig"
    state_column: Words | None = None
    zip_column: Words | None = None
    contact_column: Words | None = None


class RecycleForm(_Form):
    after_minutes: Annotated[int, Field(ge=0, le=525_600)]
    max_attempts: Count


class DispositionForm(_Form):
    name: Annotated[str, AfterValidator(_disposition_name)]
    label: Words
    recycle: RecycleForm | None = None
    callback: bool = False
    suppress: bool = False


class AgentForm(_Form):
    name: Annotated[str, AfterValidator(_agent_name)]
    display_name: Words
    phone: Annotated[str, AfterValidator(_sip_address)]


class CampaignForm(_Form):
    """The whole file."""

    title: Words
    subject: Words | None = None
    purpose: Literal["sales", "informational", "business"] = "sales"
    seller: Words
    seller_phone: CallerNumber
    mode: Literal["preview", "progressive", "predictive"]
    drop_ceiling: Annotated[float, AfterValidator(_ceiling)] = 0.03
    ring_timeout_s: Annotated[int, AfterValidator(_ring_timeout)] = 22
    trunk: Words
    caller_ids: Annotated[list[CallerIdForm], Field(min_length=1)]
    script: Annotated[str, PlainValidator(_script_text)]
    drop_message: Annotated[Path, PlainValidator(_message_audio)]
    caller_id_limits: CallerIdLimitsForm = CallerIdLimitsForm()
    opt_out_key: Annotated[str, AfterValidator(_key)] = ""
    attempts_per_day: Count = 3
    min_gap_minutes: Annotated[int, Field(ge=0, le=525_600)] = 60
    max_attempts: Count = 6
    drop_cooldown_hours: Annotated[int, Field(ge=0, le=72)] = 0
    link_numbers: bool = True
    wrapup_limit_s: Annotated[int, Field(ge=1, le=3_600)] = 120
    hours: HoursForm
    lists: Annotated[list[ListForm], Field(min_length=1)]
    dispositions: Annotated[list[DispositionForm], Field(min_length=1)]
    recycle: dict[str, RecycleForm] = Field(default_factory=dict)
    agents: Annotated[list[AgentForm], Field(min_length=1)]
