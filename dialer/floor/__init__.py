"""The engine: composes the decision rooms. Events in, commands out, `now` handed in."""
