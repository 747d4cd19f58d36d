"""The proxy of a request, from the variables that every program understands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.request import getproxies_environment, proxy_bypass

import httpx

_SCHEMES: Final = {"http", "https"}


class ProxySettingError(ValueError):
    """A proxy variable holds no address of an HTTP proxy."""


def proxy_for(scheme: str, host: str, port: int, proxies: Mapping[str, str] | None = None) -> httpx.Proxy | None:
    """Return the proxy that `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` give for a request, in either case; None for none.

    Args:
        scheme: of the request.
        host: of the request, an IPv6 address without brackets.
        port: of the request.
        proxies: as `urllib.request.getproxies_environment` returns them, which is the default.

    Raises:
        ProxySettingError: the variable is no http or https URL.
    """
    known = getproxies_environment() if proxies is None else dict(proxies)
    address = known.get(scheme) or known.get("all")
    if not address or proxy_bypass(f"{host}:{port}" if ":" not in host else host, known):
        return None
    try:
        url = httpx.URL(address if "://" in address else f"http://{address}")
        if url.scheme not in _SCHEMES or not url.host:
            raise ValueError
        return httpx.Proxy(url)
    except (httpx.InvalidURL, ValueError):
        name = scheme if known.get(scheme) else "all"
        raise ProxySettingError(f"{name.upper()}_PROXY is not the http or https URL of a proxy") from None
