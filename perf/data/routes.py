"""Who talks in generated files, and what kind of traffic it is."""

from typing import NamedTuple

from perf.data.cicflowmeter import Kind

# fmt: off
SESSION = Kind((30, 40_000, 700_000, 6_000_000, 42_000_000, 110_000_000, 120_000_000),
               (1, 2, 5, 9, 14, 40, 900), (1, 1, 4, 8, 12, 44, 860), (0, 1448), 32)
REMNANT = Kind((8, 50, 150, 2_300, 26_000, 90_000), (1, 1, 2, 3, 15), (1, 1, 1, 2), (0, 517), 20)
LOOKUP = Kind((900, 12_000, 18_000, 41_000, 300_000, 9_000_000), (1, 1, 1, 2, 4), (1, 1, 2, 4), (28, 320), 8)
BEACON = Kind((0, 0, 1_500_000, 60_000_000, 110_000_000, 117_000_000, 120_000_000),
              (1, 2, 9, 30, 60), (0, 0), (40, 430), 8)
RESOLUTION = Kind((0, 30_000_000, 110_000_000, 119_000_000, 120_000_000), (1, 3, 11, 40), (1, 2), (0, 0), 0)
UPLOAD = Kind((90_000_000, 115_000_000, 119_000_000, 120_000_000),
              (900, 3_000, 9_000, 57_000), (400, 900, 9_000), (0, 1448), 32)
FLOOD = Kind((100_000, 60_000_000, 118_000_000, 120_000_000), (800, 9_000, 40_000), (0, 0, 3), (0, 60), 20)
PROBE = Kind((20, 60, 90), (1, 1), (0, 0), (0, 0), 20)
# fmt: on


class Route(NamedTuple):
    """Who starts flows to whom. A port of 0 stands for an ephemeral one."""

    source: str
    destination: str
    ports: tuple[int, int]
    protocol: int
    kind: Kind
    growing: bool = False


LAN = "192.168.20"
DEVICES = [f"{LAN}.{host}" for host in (10, 13, 15, 19, 20, 24, 31, 35, 36, 37, 42, 43, 45, 48, 50)]
CLOUDS = [3, 13, 18, 34, 35, 44, 52, 54, 99, 108, 142]  # first bytes of addresses
SERVICES = [(443, 6, SESSION), (443, 6, SESSION), (8883, 6, SESSION), (80, 6, SESSION), (123, 17, LOOKUP)]
SUSPECTS = (
    Route(f"{LAN}.24", "45.95.168.110", (0, 443), 6, SESSION),
    Route(f"{LAN}.37", "185.244.25.60", (0, 80), 6, SESSION),
)
FIXED_ROUTES = (
    Route("8.6.0.1", "8.0.6.4", (0, 0), 0, RESOLUTION),  # ARP, seen as IP
    Route(f"{LAN}.13", "255.255.255.255", (49154, 6667), 17, BEACON),
    Route(f"{LAN}.45", "239.255.255.250", (0, 1900), 17, BEACON),
    Route(f"{LAN}.42", "216.58.204.99", (0, 443), 6, UPLOAD),
    Route(f"{LAN}.1", "224.0.0.251", (5353, 5353), 17, BEACON),
    Route(f"{LAN}.19", "239.255.255.250", (0, 1900), 17, BEACON),
    Route(f"{LAN}.42", "8.8.8.8", (0, 53), 17, LOOKUP),
    Route(f"{LAN}.48", "224.0.0.251", (5353, 5353), 17, BEACON),
    Route(f"{LAN}.15", f"{LAN}.255", (137, 137), 17, BEACON),
    Route("0.0.0.0", "255.255.255.255", (68, 67), 17, LOOKUP),  # DHCP, nothing is bound
    *SUSPECTS,
)
SCAN = [Route(f"{LAN}.31", f"10.66.0.{host}", (0, 23), 6, PROBE) for host in range(1, 61)]
