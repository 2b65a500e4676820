"""The two state machines, what an ending means, and who meets whom."""
