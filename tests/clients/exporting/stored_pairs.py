"""Pairs of two branches, of IPv4 and IPv6, with days of two months."""

from models.traffic import Totals

DAYS = {f"2022-12-{n:02}": Totals(1000 * n + 1, n, 1) for n in range(5, 15)}
LATER = {"2023-01-02": Totals(2**53 + 1, 7, 2)}
PAIRS = {
    "10.0.0.1>10.1.0.1": DAYS,
    "10.1.0.1>10.0.0.1": LATER,
    "10.0.0.1>10.1.0.2": LATER,
    "10.0.0.2>192.168.0.1": DAYS,
    "paris/10.0.0.1>paris/10.1.0.1": LATER,
    "fe80::1>ff02::fb": LATER,
}
