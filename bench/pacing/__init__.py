"""How busy each dialling mode keeps agents, and how many people it drops, in simulated shifts."""
