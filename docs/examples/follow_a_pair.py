"""Follows a pair through the whole pipeline on this computer, without AWS: from a flow file to statistics.

python docs/examples/follow_a_pair.py
"""

import time
from collections.abc import Callable

from clients.local_aws.pipeline import LocalPipeline
from clients.queries.counted import Results

SOURCE, DESTINATION = "192.168.20.43", "44.227.96.221"
HEADER = "Src IP,Dst IP,Timestamp,Flow Duration,Tot Fwd Pkts"
MONDAY = [
    f"{SOURCE},{DESTINATION},05/12/2022 10:00:00 AM,1000,3",
    f"{SOURCE},{DESTINATION},05/12/2022 11:30:00 PM,2000,4",
]
TUESDAY = [f"{SOURCE},{DESTINATION},06/12/2022 00:10:00 AM,5000,9"]
PATIENCE = 120.0  # seconds


def main() -> None:
    """Uploads two files of a branch, and shows what becomes of the pair in both tables."""
    with LocalPipeline("vm", print) as pipeline:
        results = Results(pipeline.client("dynamodb"), pipeline.deployment)
        for name, rows in (("monday", MONDAY), ("tuesday", TUESDAY)):
            pipeline.client("s3").put_object(
                Bucket=pipeline.deployment.bucket,
                Key=f"incoming/paris/{name}.csv",
                Body="\n".join([HEADER, *rows, ""]).encode(),
            )
        # The first stage adds a file's totals to the pair's days; then the object is deleted.
        wait_for(lambda: len(results.days(SOURCE, DESTINATION)) == 2)
        for day in results.days(SOURCE, DESTINATION):
            print(f"{day.day}: {day.flows} flows, {day.packets} packets, {day.duration} µs")
        # The second stage gets the change from the stream, and takes it into the pair's statistics.
        wait_for(lambda: days_in_statistics(results) == 2)
        pair = results.pair(SOURCE, DESTINATION)
        assert pair
        print(f"{pair.days} days, {pair.packets_sum} packets, mean {pair.packets_sum / pair.days:g} a day")


def days_in_statistics(results: Results) -> int:
    """How many days of the pair are consolidated."""
    pair = results.pair(SOURCE, DESTINATION)
    return pair.days if pair else 0


def wait_for(holds: Callable[[], bool]) -> None:
    """Waits until something holds."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not so within {PATIENCE:g} s")
        time.sleep(0.2)


if __name__ == "__main__":
    main()
