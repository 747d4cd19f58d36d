"""What a user says about an EDGAR source."""

from __future__ import annotations

import re
from typing import Annotated, Final

from pydantic import Field, field_validator

from squall.ingest.registry.source_type import SourceOptions

_FORM: Final = re.compile(r"[A-Z0-9][A-Z0-9 /-]{0,19}")
_AGENT: Final = re.compile(r"[^\r\n@]{2,100} [^\s@]{1,64}@[^\s@]{1,120}")
_URL: Final = re.compile(r"https?://[^\s/?#]{1,300}")
_CIK: Final = re.compile(r"[0-9]{1,10}")


class EdgarOptions(SourceOptions):
    """Options of `type = "edgar"`."""

    user_agent: str = Field(description='who asks, name and mail address, as the SEC demands: "Example Fund desk@example.com"')
    forms: tuple[str, ...] = Field(("8-K", "6-K", "10-Q", "10-K"), min_length=1, max_length=50, description="as EDGAR names them")
    amendments: bool = Field(True, description="also the forms' amendments, as 8-K/A")
    text: bool = Field(True, description="also what the filing says: one more request for each")
    companies: tuple[str, ...] = Field((), description="CIKs; only filings about these; none: all")
    poll_seconds: Annotated[float, Field(ge=10)] = Field(60.0, description="pause between two looks; each takes a request for each form")
    url: str = Field("https://www.sec.gov", description="the server")
    source: str = Field("edgar", min_length=1, description="the documents' source")

    @field_validator("user_agent")
    @classmethod
    def _named(cls, value: str) -> str:
        if not _AGENT.fullmatch(value.strip()):
            raise ValueError('the SEC wants a name and a mail address, for example "Example Fund desk@example.com"')
        return value.strip()

    @field_validator("forms")
    @classmethod
    def _forms(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        forms = tuple(dict.fromkeys(" ".join(form.upper().split()) for form in value))
        for form in forms:
            if not _FORM.fullmatch(form) or form.endswith("/A"):
                raise ValueError(f"{form[:30]!r} is no form as EDGAR names them (8-K, 10-Q, SCHEDULE 13D); amendments have an option")
        return forms

    @field_validator("companies")
    @classmethod
    def _numbers(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for number in value:
            if not _CIK.fullmatch(number):
                raise ValueError(f"{number[:20]!r} is no CIK: up to ten digits, as in the address of a company's filings")
        return tuple(number.lstrip("0") for number in value)

    @field_validator("url")
    @classmethod
    def _server(cls, value: str) -> str:
        if not _URL.fullmatch(value.rstrip("/")):
            raise ValueError(f"{value[:100]!r} is no address of a server")
        return value.rstrip("/")
