"""Which network addresses the panel may call: public ones, judged on the literal address; and finding them in time."""

import socket
from collections.abc import Callable
from concurrent.futures import Future
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from threading import Thread
from typing import Any

Resolver = Callable[..., list[tuple[Any, ...]]]

NAT64 = IPv6Network("64:ff9b::/96")
GLOBAL_UNICAST = IPv6Network("2000::/3")


def resolve_within(seconds: float, resolve: Resolver, host: str, port: int) -> list[tuple[Any, ...]]:
    """What `resolve` (of the shape of `socket.getaddrinfo`) answers, or `TimeoutError`.

    The system's resolver knows no timeout, so it is asked in a thread of its own; one that is late ends by itself,
    unheard, when the system gives up.
    """
    answer: Future[list[tuple[Any, ...]]] = Future()

    def ask() -> None:
        try:
            answer.set_result(resolve(host, port, type=socket.SOCK_STREAM))
        except BaseException as error:  # noqa: BLE001 - it is raised where the answer is waited for
            answer.set_exception(error)

    Thread(target=ask, name="resolve", daemon=True).start()
    return answer.result(timeout=seconds)


def refusal(literal: str) -> str:
    """Why this address may not be called, in one English word or two; empty for a public address.

    IPv4 addresses hidden in IPv6 ones (mapped, 6to4, Teredo, NAT64) are judged as what they reach.
    """
    address = ip_address(literal.partition("%")[0])
    if isinstance(address, IPv4Address):
        return _refusal_v4(address)
    hidden = _hidden_v4(address)
    if hidden:
        return next((reason for reason in map(_refusal_v4, hidden) if reason), "")
    return _refusal_v6(address)


def _hidden_v4(address: IPv6Address) -> list[IPv4Address]:
    if address.ipv4_mapped:
        return [address.ipv4_mapped]
    if address.sixtofour:
        return [address.sixtofour]
    if address.teredo:
        return list(address.teredo)
    if address in NAT64:
        return [IPv4Address(int(address) & 0xFFFFFFFF)]
    return []


def _refusal_v4(address: IPv4Address) -> str:
    return _common(address) or ("" if address.is_global else "private")


def _refusal_v6(address: IPv6Address) -> str:
    named = _common(address)
    if named:
        return named
    return "" if address.is_global and address in GLOBAL_UNICAST else "private"


def _common(address: IPv4Address | IPv6Address) -> str:
    kinds = {
        "loopback": address.is_loopback,
        "unspecified": address.is_unspecified,
        "link-local": address.is_link_local,
        "multicast": address.is_multicast,
    }
    return next((name for name, true in kinds.items() if true), "")
