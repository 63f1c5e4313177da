"""The stream of daily totals, read together with other machines: who has which shard, and how far."""

__all__ = ["leases", "stream_reader"]
