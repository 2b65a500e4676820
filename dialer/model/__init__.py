"""Words: the frozen values every other room speaks in. Standard library only."""
