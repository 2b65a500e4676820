"""Make the demo's voices and tones: `python deploy/demo/make_audio.py` (needs espeak-ng and numpy).

The files are committed, so nobody needs to run this to see the demo. Everything is 8 kHz. Files
for SIPp's `rtp_stream` are headerless G.711 mu-law (`audio/*.ul`), padded to whole 20 ms packets;
the campaign's message for people nobody could talk to is a 16-bit mono WAV. The same espeak-ng
version gives the same bytes: noise is seeded, nothing reads a clock.
"""

from __future__ import annotations

import io
import subprocess
import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Audio = NDArray[np.float64]
"""Samples at 8 kHz, full scale = 1.0."""

RATE = 8_000
PACKET = 160
HERE = Path(__file__).resolve().parent
AUDIO = HERE / "audio"
DROP_MESSAGE = HERE.parents[1] / "campaigns" / "demo" / "drop_message.wav"

ROOM_DBOV = -64.0
SPEECH_DBOV = -20.0

VOICES = {"a": "en-us+f3", "b": "en-us+m3", "c": "en-gb+f2"}
MACHINE_VOICES = {"a": ("en-us+m7", 1000.0), "b": ("en-us+f4", 850.0)}
NETWORK_VOICE = "en-us+f5"
AGENT_VOICE = "en-gb+m5"

HELLO = {"a": "Hello?", "b": "Hello?", "c": "Hello, yes?"}
TURNS = ("Yes, speaking.", "Oh, I see.", "And what would that cost?", "Hm, let me think about it.")
RECEPTION = ("Good day, Sample Dental Care,", "this is Robin, how may I help you?")
GREETINGS = {
    "a": (
        "Hi, you have reached the Sample family.",
        "We can not come to the phone right now.",
        "Please leave your name and number after the tone.",
    ),
    "b": (
        "You have reached the voice mailbox of Jordan Example.",
        "I am not available.",
        "Please record your message after the tone.",
    ),
}
INTERCEPT = (
    "The number you have dialed is not in service.",
    "Please check the number and dial again.",
)
AGENT_LINES = (
    "Hello, I am calling for Clearview Sample Windows.",
    "We clean windows in your town this spring.",
    "May I tell you in one minute what it costs?",
)
DROP_LINES = (
    "This is Clearview Sample Windows.",
    "Sorry, nobody was free to speak with you.",
    "You can reach us at 2 0 2, 5 5 5, 0 1 9 8.",
)


def level(dbov: float) -> float:
    """RMS amplitude of a level in dBov (0 = a full-scale square wave)."""
    return float(10.0 ** (dbov / 20.0))


def silence(seconds: float) -> Audio:
    return np.zeros(round(seconds * RATE))


def tone(seconds: float, dbov: float, *hertz: float) -> Audio:
    """A sum of equally strong sines with 5 ms slopes, `dbov` in all."""
    t = np.arange(round(seconds * RATE)) / RATE
    wave_sum = np.sum([np.sin(2 * np.pi * f * t) for f in hertz], axis=0)
    slope = np.minimum(1.0, np.arange(t.size) / 40.0)
    return np.asarray(wave_sum * level(dbov) * np.sqrt(2 / len(hertz)) * slope * slope[::-1])


def endless_tone(dbov: float, hertz: int) -> Audio:
    """One second of a whole number of periods: it loops without a click."""
    t = np.arange(RATE) / RATE
    return np.asarray(np.sin(2 * np.pi * hertz * t) * level(dbov) * np.sqrt(2))


def telephone_band(samples: NDArray[np.int16], rate: int) -> Audio:
    """Resample to 8 kHz through the spectrum, keeping 250-3500 Hz as a telephone line does."""
    spectrum = np.fft.rfft(samples.astype(np.float64))
    hertz = np.fft.rfftfreq(samples.size, 1 / rate)
    rise = np.clip((hertz - 200.0) / 100.0, 0.0, 1.0)
    fall = np.clip((3_600.0 - hertz) / 200.0, 0.0, 1.0)
    length = round(samples.size * RATE / rate)
    shaped = (spectrum * rise * fall)[: length // 2 + 1]
    return np.asarray(np.fft.irfft(shaped, length))


def speech(voice: str, text: str, words_per_minute: int = 165, dbov: float = SPEECH_DBOV) -> Audio:
    """One phrase, without silence before and after, at `dbov` while it sounds."""
    made = subprocess.run(
        ["espeak-ng", "-v", voice, "-s", str(words_per_minute), "--stdout", text],
        check=True,
        capture_output=True,
    )
    with wave.open(io.BytesIO(made.stdout)) as file:
        rate = file.getframerate()
        samples = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
    audio = telephone_band(samples, rate)
    loud = np.abs(audio) > 0.02 * np.max(np.abs(audio))
    first, last = np.flatnonzero(loud)[[0, -1]]
    audio = audio[first : last + 1]
    sounding = audio[np.abs(audio) > 0.05 * np.max(np.abs(audio))]
    return np.asarray(audio * level(dbov) / np.sqrt(np.mean(sounding**2)))


def phrases(voice: str, lines: tuple[str, ...], gap: float, words_per_minute: int = 165) -> Audio:
    """Phrases with `gap` seconds between them."""
    parts = [speech(voice, line, words_per_minute) for line in lines]
    spaced = [part for phrase in parts for part in (phrase, silence(gap))]
    return np.concatenate(spaced[:-1])


def in_room(audio: Audio, seed: int, dbov: float = ROOM_DBOV) -> Audio:
    """The audio on top of faint noise: what a quiet room puts on the line."""
    return audio + np.random.default_rng(seed).normal(0.0, level(dbov), audio.size)


def special_information_tones() -> Audio:
    """Bellcore intercept: low short, low short, then 1776.7 Hz long (ITU-T E.180)."""
    return np.concatenate(
        [tone(0.274, -24, 913.8), tone(0.274, -24, 1370.6), tone(0.380, -24, 1776.7)]
    )


def pcm(audio: Audio) -> NDArray[np.int16]:
    return np.clip(np.round(audio * 32_768), -32_768, 32_767).astype(np.int16)


def mu_law(audio: Audio) -> bytes:
    """G.711 mu-law, padded with silence to whole 20 ms packets."""
    padded = np.concatenate([pcm(audio), np.zeros(-audio.size % PACKET, dtype=np.int16)])
    magnitude = np.minimum(np.abs(padded.astype(np.int32)) + 132, 32_767)
    exponent = np.floor(np.log2(magnitude)).astype(np.int32) - 7
    mantissa = (magnitude >> (exponent + 3)) & 0x0F
    sign = np.where(padded < 0, 0x80, 0)
    return bytes((~(sign | exponent << 4 | mantissa) & 0xFF).astype(np.uint8))


def recordings() -> dict[str, Audio]:
    """Every file of `audio/` by name."""
    made: dict[str, Audio] = {}
    for seed, (name, voice) in enumerate(VOICES.items()):
        hello = np.concatenate([silence(0.3), speech(voice, HELLO[name]), silence(2.4)])
        made[f"hello_{name}"] = in_room(hello, seed)
        turns = [part for line in TURNS for part in (speech(voice, line), silence(1.6))]
        made[f"turns_{name}"] = in_room(np.concatenate(turns), 10 + seed)
    reception = phrases(VOICES["c"], RECEPTION, gap=0.12, words_per_minute=190)
    made["reception"] = in_room(np.concatenate([silence(0.3), reception, silence(3.0)]), 20)
    for seed, (name, (voice, beep)) in enumerate(MACHINE_VOICES.items()):
        greeting = phrases(voice, GREETINGS[name], gap=0.32)
        message = [silence(0.4), greeting, silence(0.6), tone(0.4, -16, beep), silence(1.0)]
        made[f"machine_{name}"] = in_room(np.concatenate(message), 30 + seed)
    announcement = phrases(NETWORK_VOICE, INTERCEPT, gap=0.35)
    intercept = [silence(0.2), special_information_tones(), silence(0.3), announcement]
    made["intercept"] = np.concatenate([*intercept, silence(1.0)])
    made["fax"] = in_room(np.concatenate([silence(1.8), tone(3.0, -18, 2_100.0), silence(0.6)]), 40)
    cut_off = np.concatenate([silence(0.2), speech(VOICES["b"], "Hello who is calling please?")])
    made["cut_off"] = in_room(cut_off, 50)
    made["room"] = in_room(silence(4.0), 60)
    made["faint"] = in_room(silence(4.0), 61, dbov=-70.0)
    agent = [part for line in AGENT_LINES for part in (speech(AGENT_VOICE, line), silence(1.2))]
    made["agent"] = in_room(np.concatenate(agent), 70)
    made["tone_700"] = endless_tone(-18, 700)
    made["tone_1100"] = endless_tone(-18, 1_100)
    return made


def main() -> None:
    AUDIO.mkdir(exist_ok=True)
    for name, audio in recordings().items():
        (AUDIO / f"{name}.ul").write_bytes(mu_law(audio))
    message = np.concatenate([phrases(VOICES["a"], DROP_LINES, gap=0.3), silence(0.3)])
    with wave.open(str(DROP_MESSAGE), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(pcm(message).astype("<i2").tobytes())


if __name__ == "__main__":
    main()
