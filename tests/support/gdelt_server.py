"""A loopback server that has files of GDELT's Global Knowledge Graph, and the list of the newest with its checksum."""

from __future__ import annotations

import hashlib
import io
import threading
import zipfile
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from xml.sax.saxutils import escape


class GdeltServer:
    """`files` by name; `publish` adds one and lists it as the newest."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.requests: list[str] = []
        self.refusals: list[tuple[int, dict[str, str]]] = []
        """Status and headers of the next answers."""
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                name = self.path.rpartition("/")[2]
                server.requests.append(name)
                content = server.files.get(name, b"")
                status, headers = server.refusals.pop(0) if server.refusals else (200 if name in server.files else 404, {})
                self.send_response(status)
                for header, value in headers.items():
                    self.send_header(header, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/gdeltv2"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def publish(self, at: datetime, *rows: str) -> str:
        """Add the file of a time and list it as the newest; return its name."""
        stamp = f"{at:%Y%m%d%H%M%S}"
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(f"{stamp}.gkg.csv", "".join(f"{row}\n" for row in rows))
        name, body = f"{stamp}.gkg.csv.zip", packed.getvalue()
        self.files[name] = body
        digest = hashlib.md5(body, usedforsecurity=False).hexdigest()
        others = "".join(f"100 {'0' * 32} http://data.gdeltproject.org/gdeltv2/{stamp}.{kind}.CSV.zip\n" for kind in ("export", "mentions"))
        self.files["lastupdate.txt"] = f"{others}{len(body)} {digest} http://data.gdeltproject.org/gdeltv2/{name}\n".encode()
        return name

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def gkg_row(
    title: str, at: datetime, number: int = 0, publisher: str = "example.com", collection: str = "1", precise: str = "", **named: str
) -> str:
    """A row of 27 columns as GDELT writes them; most are empty here. `named` has `themes` and `organisations` with their offsets."""
    extras = f"<PAGE_LINKS>http://{publisher}/</PAGE_LINKS>" + ("<PAGE_AUTHORS>Ada L.</PAGE_AUTHORS>" if number % 2 else "")
    extras += f"<PAGE_PRECISEPUBTIMESTAMP>{precise}</PAGE_PRECISEPUBTIMESTAMP>" if precise else ""
    extras += f"<PAGE_TITLE>{escape(title)}</PAGE_TITLE>" if title else ""
    columns = [""] * 27
    columns[0], columns[1], columns[2] = f"{at:%Y%m%d%H%M%S}-{number}", f"{at:%Y%m%d%H%M%S}", collection
    columns[3], columns[4], columns[26] = publisher, f"https://www.{publisher}/news/{number}", extras
    columns[8], columns[14] = named.get("themes", ""), named.get("organisations", "")
    return "\t".join(columns)
