"""Answering machine detection: audio frames in, findings out. Pure; numpy only."""
