"""What benchmarks and the comparison measure with: a pipeline to run, and what a process takes and asks."""

__all__ = ["pipeline", "process_cost", "recording_proxy"]
