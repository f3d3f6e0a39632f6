"""The types of an ASGI application, and what its layers read of a request: its headers, and which client it is from."""

import ipaddress
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]


def headers_of(scope: Scope) -> dict[str, str]:
    """Return the headers of a request, names in small letters."""
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}


def client_of(scope: Scope) -> str:
    """Return the address a request came from; of an IPv6 address the network, which one client has to itself."""
    host = str((scope.get("client") or ("unknown",))[0])
    try:
        version = ipaddress.ip_address(host).version
    except ValueError:
        return host
    return str(ipaddress.ip_network(f"{host}/64", strict=False)) if version == 6 else host
