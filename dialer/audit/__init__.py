"""The audit trail: chain, Merkle checkpoints, verification without a database."""
