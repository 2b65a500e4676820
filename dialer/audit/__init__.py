"""The audit trail: chain, Merkle checkpoints, and verification that needs no database."""
