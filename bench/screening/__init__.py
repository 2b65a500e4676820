"""What the gate costs: one decision, and a whole lead file before it is loaded."""
