"""Reads a metrics endpoint as Prometheus does."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Mapping

from prometheus_client.parser import text_string_to_metric_families


class Scrape:
    """Samples of one answer of /metrics."""

    def __init__(self, text: str) -> None:
        self.families = {family.name: family for family in text_string_to_metric_families(text)}
        self._samples: dict[tuple[str, tuple[tuple[str, str], ...]], float] = {}
        for family in self.families.values():
            for sample in family.samples:
                self._samples[sample.name, tuple(sorted(sample.labels.items()))] = sample.value

    def __call__(self, name: str, **labels: str) -> float | None:
        """Return a sample, None when there is none."""
        return self._samples.get((name, tuple(sorted(labels.items()))))

    @property
    def names(self) -> set[str]:
        """Names of samples."""
        return {name for name, _ in self._samples}


def fetch(url: str, headers: Mapping[str, str] | None = None) -> tuple[int, str, str]:
    """GET `url`; return status, content type and body."""
    request = urllib.request.Request(url, headers=dict(headers or {}))
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status, answer.headers["Content-Type"], answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers["Content-Type"], error.read().decode()


def scrape(url: str) -> Scrape:
    """Return what `url`/metrics exports."""
    status, _, body = fetch(f"{url}/metrics")
    assert status == 200, body
    return Scrape(body)
