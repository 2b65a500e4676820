"""Which lead next, when again, and the few that are ready now."""
