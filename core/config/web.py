"""Settings of the live page."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, SecretStr

from squall.core.config.sections import Section


class WebSettings(Section):
    """The live page and its JSON API."""

    host: str = Field("127.0.0.1", description="address to listen on")
    port: Annotated[int, Field(ge=0, le=65535)] = Field(8080, description="0: any free port")
    url: str = Field(
        "",
        pattern=r"^(https?://[^\s]+)?$",
        description="address at which people reach the page, for links in messages; empty: http://host:port",
    )
    token: SecretStr = Field(SecretStr(""), description="bearer token; required unless the address is loopback")
    allowed_hosts: tuple[str, ...] = Field((), description="names, with * and ?, that requests without a token may have in the Host header")
    max_connections: Annotated[int, Field(ge=16)] = Field(
        256, description="most connections; at most a quarter of the descriptor limit (ulimit -n)"
    )
