"""`python -m dialer` is `dialer`."""

from dialer.cli import main

main()
