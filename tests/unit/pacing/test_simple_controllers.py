"""Preview and progressive: no arithmetic to speak of, so every case is pinned."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dialer.model.campaigns import DialMode
from dialer.model.instant import Instant
from dialer.pacing.choose import controller_for
from dialer.pacing.controller import PacingView
from dialer.pacing.predictive import PredictiveController
from dialer.pacing.preview import PreviewController
from dialer.pacing.progressive import ProgressiveController

QUIET = PacingView(
    now=Instant(1_795_276_800_000),
    ready=0,
    talk_ages_ms=(),
    wrapup_ages_ms=(),
    ring_ages_ms=(),
    detect_ages_ms=(),
    waiting=0,
    live=0,
    dropped=0,
    drop_ceiling=0.03,
)


@pytest.mark.parametrize(
    ("mode", "controller"),
    [
        (DialMode.PREVIEW, PreviewController),
        (DialMode.PROGRESSIVE, ProgressiveController),
        (DialMode.PREDICTIVE, PredictiveController),
    ],
)
def test_each_mode_has_its_controller(mode: DialMode, controller: type) -> None:
    assert type(controller_for(mode)) is controller


def test_controllers_share_nothing() -> None:
    assert controller_for(DialMode.PREDICTIVE) is not controller_for(DialMode.PREDICTIVE)


def test_preview_leaves_every_call_to_the_agents() -> None:
    assert PreviewController().propose(replace(QUIET, ready=50)).dials == 0


@pytest.mark.parametrize(
    ("view", "dials"),
    [
        (QUIET, 0),
        (replace(QUIET, ready=3), 3),
        (replace(QUIET, ready=3, ring_ages_ms=(500,)), 2),
        (replace(QUIET, ready=3, detect_ages_ms=(500,)), 2),
        (replace(QUIET, ready=3, waiting=1), 2),
        (replace(QUIET, ready=3, ring_ages_ms=(1, 2), detect_ages_ms=(1,), waiting=1), 0),
        (replace(QUIET, ready=0, talk_ages_ms=(60_000,), wrapup_ages_ms=(1_000,)), 0),
    ],
)
def test_progressive_dials_for_agents_no_call_can_claim(view: PacingView, dials: int) -> None:
    assert ProgressiveController().propose(view).dials == dials
