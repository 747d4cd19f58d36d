"""What a user says about a GDELT source."""

from __future__ import annotations

import re
from typing import Annotated, Final, Self

from pydantic import Field, field_validator, model_validator

from squall.ingest.social.text_filter import FilterOptions

_URL: Final = re.compile(r"https?://[^\s?#]{1,300}")
_THEME: Final = re.compile(r"[A-Z0-9_]{2,100}\*?")
_DOMAIN: Final = re.compile(r"[a-z0-9][a-z0-9.-]{1,200}\.[a-z]{2,30}")


class GdeltOptions(FilterOptions):
    """Options of `type = "gdelt"`."""

    themes: tuple[str, ...] = Field(
        (), description='GDELT\'s themes, as ECON_BANKRUPTCY or "NATURAL_DISASTER_*"; wanted whatever the title'
    )
    organisations: bool = Field(
        True, description="tickers of the companies that GDELT found in an article, as far as the catalogue has them"
    )
    publishers: tuple[str, ...] = Field((), description="domains, as reuters.com; only what they publish; none: all")
    everything: bool = Field(False, description="read every title: about 2,000 in fifteen minutes; otherwise something must be chosen")
    start_hours: float = Field(0.0, ge=0, le=24 * 30, description="how far back the first start begins")
    poll_seconds: Annotated[float, Field(ge=10)] = Field(60.0, description="pause between two looks for a new file")
    url: str = Field("http://data.gdeltproject.org/gdeltv2", description="the folder of the files")

    @field_validator("url")
    @classmethod
    def _folder(cls, value: str) -> str:
        if not _URL.fullmatch(value):
            raise ValueError(f"{value[:100]!r} is no address of a folder")
        return value.rstrip("/")

    @field_validator("themes")
    @classmethod
    def _themes(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        themes = tuple(theme.strip().upper() for theme in value)
        for theme in themes:
            if not _THEME.fullmatch(theme):
                raise ValueError(f"{theme[:50]!r} is no theme, for example ECON_BANKRUPTCY; a * may end it")
        return themes

    @field_validator("publishers")
    @classmethod
    def _domains(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        domains = tuple(domain.strip().lower().removeprefix("www.") for domain in value)
        for domain in domains:
            if not _DOMAIN.fullmatch(domain):
                raise ValueError(f"{domain[:50]!r} is no domain, for example reuters.com")
        return domains

    @model_validator(mode="after")
    def _chosen(self) -> Self:
        if not (self.chooses or self.themes or self.publishers or self.everything):
            raise ValueError("nothing is chosen: name keywords, companies, themes or publishers, or set everything = true")
        if self.languages and set(self.languages) != {"en"}:
            raise ValueError("languages: the files that are read have English titles only")
        return self
