"""What an IP address is in any of its spellings, and how it is written in all that is stored."""

import ipaddress
import socket

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.flow_csv.values import BadRow, address, check_addresses, is_address


@given(st.ip_addresses(v=4))
def test_ipv4_addresses_stay_as_they_are(ip: ipaddress.IPv4Address) -> None:
    """Dotted decimals are canonical already."""
    assert address(str(ip).encode()) == str(ip)


def spellings_of(ip: ipaddress.IPv6Address) -> list[str]:
    """Forms in which one IPv6 address is met."""
    last = ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF)
    groups = [f"{int(ip) >> shift & 0xFFFF:04x}" for shift in range(112, -16, -16)]  # by hand: Pythons differ
    whole, head = ":".join(groups), ":".join(groups[:-2])
    return [whole, whole.upper(), ip.exploded, ip.compressed, f"{ip}%eth0", f"{head}:{last}"]


@given(
    st.one_of(
        st.ip_addresses(v=6), st.integers(0, 2**32 - 1).map(lambda n: ipaddress.IPv6Address(0xFFFF << 32 | n))
    )
)
def test_all_spellings_of_an_ipv6_address_become_what_the_c_library_prints(ip: ipaddress.IPv6Address) -> None:
    """Canonical text is RFC 5952's, the same on every Python: `inet_ntop` is the judge."""
    expected = socket.inet_ntop(socket.AF_INET6, ip.packed)
    if not ip.ipv4_mapped and "." in expected:  # glibc prints ::1.2.3.4 so; RFC 5952 recommends no such form
        expected = ip.compressed
    assert {address(text.encode()) for text in spellings_of(ip)} == {expected}


PARTS = st.sampled_from(
    [
        "0",
        "1",
        "a",
        "FFFF",
        "12345",
        ":",
        ":",
        ":",
        "::",
        ".",
        "%",
        "eth0",
        "/",
        " ",
        "g",
        "é",
        "1.2.3.4",
        "01.2.3.4",
    ]
)
GROUPS = st.lists(st.sampled_from(["0", "1", "ab", "FFFF", "1.2.3.4", ""]), min_size=6, max_size=9).map(
    ":".join
)


@settings(max_examples=2000)
@given(
    st.one_of(st.lists(PARTS, max_size=12).map("".join), GROUPS, st.builds(str.replace, GROUPS, PARTS, PARTS))
)
def test_what_is_an_address_is_what_ipaddress_takes(text: str) -> None:
    """Without building one, which takes longer; up to 64 bytes of ASCII."""
    try:
        plain = text.strip(" ").encode("ascii").decode()
        expected = bool(ipaddress.ip_address(plain)) and len(plain) <= 64
    except ValueError:
        expected = False
    assert is_address(text.encode()) == expected


@pytest.mark.parametrize(
    "text", ["", "10.0.0", "10.0.0.256", "010.0.0.1", "10.0.0.1%eth0", "::g", "fe80::1%", "2130706433",
             "10.0.0.1/8", "١.٢.٣.٤", "host", "::1%" + "x" * 99]
)  # fmt: skip
def test_what_is_no_address_is_a_bad_row(text: str) -> None:
    """Nothing is guessed from damaged addresses; the reason names the column."""
    with pytest.raises(BadRow, match="Dst IP is not an IP address"):
        check_addresses(b"10.0.0.1", text.encode())
