"""The one HTTP client for addresses that others may choose: one request, its redirects, one deadline."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeVar

import httpcore
import httpx

from squall.core.net.outbound.connections import PinnedBackend, Resolve, system_resolver
from squall.core.net.outbound.errors import OutboundError, RequestRefusedError, RequestStoppedError, in_our_words
from squall.core.net.outbound.policy import ForbiddenHostError, HostPolicy
from squall.core.net.outbound.proxies import ProxySettingError, proxy_for

T = TypeVar("T")

_STOP_CHECK_SECONDS: Final = 0.1
_REDIRECTS: Final = {301, 302, 303, 307, 308}
_PORTS: Final = {"http": 80, "https": 443}
_LONGEST_LOCATION: Final = 4_096
_PRIVATE_HEADERS: Final = {"authorization", "cookie"}


@dataclass(frozen=True, slots=True)
class OutboundRequest:
    """One request.

    Args:
        method: GET, POST or PUT.
        url: as the operator wrote it; its user and password become an Authorization header.
        headers: further ones.
        content: the body.
        redirects: how many are followed; at 0 a redirect is an answer like others.
        timeout_seconds: from the look-up of the name to the end of the answer, redirects included.
        listed_by: where `url` is not the operator's but comes from a feed, for example: the URL that the operator wrote. `url` gets no
            user, password or private address then that this one does not name.
    """

    method: str
    url: str
    timeout_seconds: float
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes = b""
    redirects: int = 0
    listed_by: str = ""


class Answer:
    """The head of an answer; its body is read by `chunks`, as it was sent: nothing is unpacked."""

    def __init__(self, response: httpcore.Response) -> None:
        self._response = response
        self.status = response.status

    def header(self, name: str) -> str:
        """Return a header, empty if it is not there. Foreign text: not for a log."""
        wanted = name.lower().encode()
        return next((value.decode("latin-1").strip() for key, value in self._response.headers if key.lower() == wanted), "")

    def headers(self) -> dict[str, str]:
        """Return all headers by lower-case name, the first of each. Foreign text: not for a log."""
        found: dict[str, str] = {}
        for key, value in self._response.headers:
            found.setdefault(key.decode("latin-1").lower(), value.decode("latin-1").strip())
        return found

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the body piece by piece."""
        async for chunk in self._response.aiter_stream():
            yield chunk


class OutboundClient:
    """Sends requests to public addresses, and to private ones that the operator named.

    The name of the host is resolved once for each request and each redirect; every address is checked, and the connection goes to one
    of exactly these. Behind a proxy the proxy resolves and decides; hosts that are written as addresses are still checked.

    Args:
        private_hosts: as of `HostPolicy`.
        setting: the variable that lists them, for messages.
        resolve: looks names up.
        proxies: as of `proxy_for`.
    """

    def __init__(
        self,
        private_hosts: Sequence[str] = (),
        setting: str = "",
        resolve: Resolve = system_resolver,
        proxies: Mapping[str, str] | None = None,
    ) -> None:
        self._policy = HostPolicy(tuple(private_hosts), setting)
        self._resolve = resolve
        self._proxies = proxies

    def exchange(self, request: OutboundRequest, read: Callable[[Answer], Awaitable[T]], stopped: Callable[[], bool] | None = None) -> T:
        """Send `request` and return what `read` makes of the answer; the connection is closed then, whatever is left of it.

        Args:
            request: to send.
            read: called once, with the answer after the redirects.
            stopped: asked ten times a second whether to give up.

        Raises:
            RequestRefusedError: the URL or a redirect leads where it must not.
            OutboundError: no connection, no valid answer, or the deadline has passed. Its words are ours, none are foreign.
            RequestStoppedError: `stopped` returned True.
        """
        return asyncio.run(_bounded(self._exchange(request, read), request.timeout_seconds, stopped or (lambda: False)))

    async def _exchange(self, request: OutboundRequest, read: Callable[[Answer], Awaitable[T]]) -> T:
        url = _parsed(request.url)
        if request.listed_by:
            url = url.copy_with(userinfo=b"", fragment=None)
        origin = _origin(url)
        policy = replace(self._policy, named=_origin(_parsed(request.listed_by or request.url))[1:])
        authorization = _basic(url)
        for hop in range(request.redirects + 1):
            trusted = _is_same_site(origin, _origin(url))
            further = _for_site({**request.headers, **authorization}, trusted=trusted)
            named = {"Host": url.netloc.decode("ascii"), **further}
            headers = [(name.encode("ascii"), value.encode("latin-1", "replace")) for name, value in named.items()]
            target = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
            try:
                async with (
                    self._pool(url, policy) as pool,
                    pool.stream(request.method, target, headers=headers, content=request.content or None) as response,
                ):
                    answer = Answer(response)
                    if not request.redirects or answer.status not in _REDIRECTS or not answer.header("location"):
                        return await read(answer)
                    location = answer.header("location")
            except ForbiddenHostError as error:
                raise RequestRefusedError(f"redirected, but {error}" if hop else str(error)) from None
            url = _redirected(url, location)
        raise OutboundError(f"more than {request.redirects} redirects")

    def _pool(self, url: httpx.URL, policy: HostPolicy) -> httpcore.AsyncConnectionPool:
        scheme, host, port = _origin(url)
        policy.check_host(host, port)  # behind a proxy, too: an address needs no one to resolve it
        context = httpx.create_ssl_context() if scheme == "https" else None
        proxy = proxy_for(scheme, host, port, self._proxies)
        if proxy is None:
            return httpcore.AsyncConnectionPool(ssl_context=context, network_backend=PinnedBackend(policy, self._resolve))
        address = httpcore.URL(scheme=proxy.url.raw_scheme, host=proxy.url.raw_host, port=proxy.url.port, target=b"/")
        own: Any = httpx.create_ssl_context() if proxy.url.scheme == "https" else None
        return httpcore.AsyncHTTPProxy(address, proxy_auth=proxy.raw_auth, ssl_context=context, proxy_ssl_context=own)


async def _bounded(work: Awaitable[T], timeout_seconds: float, stopped: Callable[[], bool]) -> T:
    task = asyncio.ensure_future(work)
    try:
        async with asyncio.timeout(timeout_seconds):
            while not (await asyncio.wait({task}, timeout=_STOP_CHECK_SECONDS))[0]:
                if stopped():
                    raise RequestStoppedError
            return await task
    except TimeoutError:
        raise OutboundError(f"not finished after {timeout_seconds:g} s") from None
    except ProxySettingError as error:
        raise OutboundError(str(error)) from None
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.ProxyError, httpcore.TimeoutException, OSError, UnicodeError) as error:
        raise OutboundError(in_our_words(error)) from error
    finally:
        task.cancel()


def redirect_target(url: str, location: str) -> str:
    """Return where a redirect of `url` leads, for callers that follow redirects themselves.

    Args:
        url: that was asked.
        location: the Location header of the answer.

    Raises:
        RequestRefusedError: it is no http or https URL, or leads from https to http.
    """
    return str(_redirected(_parsed(url), location))


def _parsed(text: str) -> httpx.URL:
    """Return the URL `text`.

    Raises:
        RequestRefusedError: it is none, or not http or https.
    """
    try:
        url = httpx.URL(text)
    except (httpx.InvalidURL, ValueError, TypeError):
        raise RequestRefusedError("the URL is not valid") from None
    if url.scheme not in _PORTS or not url.raw_host:
        raise RequestRefusedError("the URL is not an http or https URL")
    return url


def _redirected(url: httpx.URL, location: str) -> httpx.URL:
    """Return where an answer of `url` leads, without user and password: those of the operator are for the operator's host.

    Raises:
        RequestRefusedError: it is no http or https URL, or leads from https to http.
    """
    if len(location) > _LONGEST_LOCATION:
        raise RequestRefusedError("redirected to a URL that is too long")
    try:
        target = _parsed(str(url.join(location).copy_with(userinfo=b"", fragment=None)))
    except (httpx.InvalidURL, ValueError, TypeError):
        raise RequestRefusedError("redirected to an invalid URL") from None
    except RequestRefusedError as error:
        raise RequestRefusedError(f"redirected, but {error}") from None
    if url.scheme == "https" and target.scheme == "http":
        raise RequestRefusedError("redirected from https to http")
    return target


def _origin(url: httpx.URL) -> tuple[str, str, int]:
    return url.scheme, url.raw_host.decode("ascii"), url.port or _PORTS[url.scheme]


def _is_same_site(one: tuple[str, str, int], other: tuple[str, str, int]) -> bool:
    """Return whether credentials for `one` may be sent to `other`: the same origin, or the same host with https instead of http."""
    return one == other or (one[1] == other[1] and (one[0], one[2], other[0], other[2]) == ("http", 80, "https", 443))


def _for_site(headers: Mapping[str, str], *, trusted: bool) -> Mapping[str, str]:
    """Return the headers without those that only the operator's own host may see, if it is another one."""
    return headers if trusted else {name: value for name, value in headers.items() if name.lower() not in _PRIVATE_HEADERS}


def _basic(url: httpx.URL) -> dict[str, str]:
    if not url.userinfo:
        return {}
    pair = f"{url.username}:{url.password}".encode()
    return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
