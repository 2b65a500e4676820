"""Which controller paces a campaign."""

from __future__ import annotations

from dialer.model.campaigns import DialMode
from dialer.pacing.controller import PacingController
from dialer.pacing.predictive import PredictiveController
from dialer.pacing.preview import PreviewController
from dialer.pacing.progressive import ProgressiveController


def controller_for(mode: DialMode) -> PacingController:
    """A new controller for one campaign that has learned nothing yet."""
    match mode:
        case DialMode.PREVIEW:
            return PreviewController()
        case DialMode.PROGRESSIVE:
            return ProgressiveController()
        case DialMode.PREDICTIVE:
            return PredictiveController()
