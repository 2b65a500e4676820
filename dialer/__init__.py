"""An open outbound dialer: leads in, lawful calls out, live answers to agents."""

__version__ = "0.1.0"
