"""One module per step, named for its place in the order. A step that has been released is never
changed; the next one mends it."""
