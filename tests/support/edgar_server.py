"""A loopback server that lists current filings as EDGAR does: an entry for each filer and role, newest first, a hundred a page."""

from __future__ import annotations

import json
import threading
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape


class EdgarServer:
    """`entries` is from new to old: (form, name, CIK, role, accession, time, items)."""

    def __init__(self, now: datetime) -> None:
        self.entries: list[tuple[str, str, str, str, str, datetime, tuple[str, ...]]] = []
        self.requests: list[tuple[str, str]] = []
        self.status = 200
        self.submissions: dict[str, bytes] = {}
        self.text_status = 200
        self.text_statuses: dict[str, int] = {}
        """Of the texts of single filings."""
        self.tickers = {"0": {"cik_str": 320193, "ticker": "AAPL", "title": "Apple Inc."}}
        self._now, self._count = now, 0
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.requests.append((self.path, self.headers["User-Agent"]))
                split = urlsplit(self.path)
                if split.path == "/files/company_tickers.json":
                    self._answer(json.dumps(server.tickers).encode(), 200)
                elif split.path.endswith(".txt"):
                    accession = split.path.rsplit("/", 1)[1].removesuffix(".txt")
                    self._answer(server.submissions.get(accession, b""), server.text_statuses.get(accession, server.text_status))
                else:
                    query = {name: values[0] for name, values in parse_qs(split.query).items()}
                    self._answer(server.page(query["type"], int(query["start"]), int(query["count"])), server.status)

            def _answer(self, content: bytes, status: int) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def file(self, form: str, *parties: tuple[str, str, str], items: tuple[str, ...] = (), age_seconds: float = 0.0) -> str:
        """Add a filing by its (name, CIK, role) parties; return its accession number."""
        self._count += 1
        accession = f"0000950103-26-{self._count:06d}"
        at = self._now - timedelta(seconds=age_seconds)
        for name, cik, role in parties:
            self.entries.insert(0, (form, name, cik, role, accession, at, items))
        return accession

    def page(self, form: str, start: int, count: int) -> bytes:
        found = [entry for entry in self.entries if entry[0].startswith(form)][:2_000]
        return _feed([_entry(*entry) for entry in found[start : start + min(count, 100)]])

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _entry(form: str, name: str, cik: str, role: str, accession: str, at: datetime, items: tuple[str, ...]) -> str:
    summary = f" <b>Filed:</b> {at:%Y-%m-%d} <b>AccNo:</b> {accession} <b>Size:</b> 14 KB\n" + "".join(f"<br>{item}\n" for item in items)
    link = f"https://www.sec.gov/Archives/edgar/data/{int(cik)}/{accession.replace('-', '')}/{accession}-index.htm"
    return (
        f"<entry>\n<title>{escape(f'{form} - {name} ({cik}) ({role})')}</title>\n"
        f'<link rel="alternate" type="text/html" href="{link}"/>\n<summary type="html">\n{escape(summary)}</summary>\n'
        f"<updated>{at.isoformat()}</updated>\n"
        f'<category scheme="https://www.sec.gov/" label="form type" term="{form}"/>\n'
        f"<id>urn:tag:sec.gov,2008:accession-number={accession}</id>\n</entry>\n"
    )


def _feed(entries: list[str]) -> bytes:
    head = '<?xml version="1.0" encoding="ISO-8859-1" ?>\n<feed xmlns="http://www.w3.org/2005/Atom">\n<title>Latest Filings</title>\n'
    return f"{head}{''.join(entries)}</feed>\n".encode("iso-8859-1")
