"""Lists at national scale: what importing and asking them costs."""
