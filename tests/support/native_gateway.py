"""ClickHouse's native TCP protocol in front of chDB, so that the unmodified clickhouse-driver runs our SQL on the real engine.

For tests only: no compression, no TLS; every user may enter except `nobody`.
`python -m tests.support.native_gateway FOLDER PORT` prints `listening` when it may be used; kill it as a crash would and
start it again on the same folder and port. PORT 0 takes a free one, printed after `listening`.
"""

from __future__ import annotations

import os
import re
import socket
import struct
import sys
import threading
import traceback
from dataclasses import dataclass
from typing import Any

import chdb
from clickhouse_driver.block import BlockInfo, ColumnOrientedBlock
from clickhouse_driver.bufferedreader import BufferedSocketReader
from clickhouse_driver.bufferedwriter import BufferedSocketWriter
from clickhouse_driver.connection import ServerInfo
from clickhouse_driver.context import Context
from clickhouse_driver.reader import read_binary_str, read_binary_uint8, read_binary_uint64
from clickhouse_driver.streams.native import BlockInputStream, BlockOutputStream
from clickhouse_driver.varint import read_varint, write_varint
from clickhouse_driver.writer import write_binary_str, write_binary_uint8

REVISION = 54460
"""The first protocol revision after server-side parameters (54459); later ones add fields to the greeting."""
HELLO, QUERY, DATA, CANCEL, PING = range(5)
SERVER_HELLO, SERVER_DATA, SERVER_EXCEPTION, SERVER_PONG, SERVER_END, SERVER_PROFILE = 0, 1, 2, 4, 5, 14
OWN_SETTINGS = {"insert_block_size"}  # the driver's, not the server's
UNESCAPED = {"b": "\b", "f": "\f", "r": "\r", "n": "\n", "t": "\t", "0": "\0", "a": "\a", "v": "\v"}
INSERT = re.compile(r"(?is)^\s*insert\s+into\s+([\w.`]+)\s*\(([^)]*)\)\s*values\s*$")
ANSWERS = re.compile(r"(?is)^\s*(select|with|show|describe|desc|exists|explain)\b")


class Bytes:
    """A socket whose bytes are in memory, for the driver's buffered reader and writer."""

    def __init__(self, data: bytes = b"") -> None:
        self.data = bytearray(data)

    def sendall(self, data: bytes) -> None:
        self.data += data

    def recv_into(self, buffer: Any) -> int:
        size = min(len(buffer), len(self.data))
        buffer[:size] = self.data[:size]
        del self.data[:size]
        return size


def context(revision: int) -> Context:
    """Return a driver context that reads and writes blocks of a protocol revision; 0 is the `Native` format of chDB."""
    made = Context()
    made.client_settings = {
        "strings_as_bytes": True,
        "strings_encoding": "utf-8",
        "use_numpy": False,
        "namedtuple_as_json": True,
        "input_format_null_as_default": False,
    }
    made.settings = {}
    made.server_info = ServerInfo("gateway", 26, 9, 2, revision, "UTC", "gateway", revision)
    return made


@dataclass
class Query:
    sql: str
    settings: dict[str, str]
    params: dict[str, str]


class Session(threading.Thread):
    """One client."""

    def __init__(self, client: socket.socket, folder: str) -> None:
        super().__init__(daemon=True)
        self.client = client
        self.folder = folder
        self.fin = BufferedSocketReader(client, 1 << 20)
        self.fout = BufferedSocketWriter(client, 1 << 20)
        self.wire = context(REVISION)
        self.blocks_in = BlockInputStream(self.fin, self.wire)
        self.blocks_out = BlockOutputStream(self.fout, self.wire)

    def run(self) -> None:
        try:
            self.engine = chdb.connect(self.folder)
            while True:
                self.packet()
        except (EOFError, OSError):
            pass
        except Exception:  # noqa: BLE001  a broken session must not end the gateway
            traceback.print_exc()
        finally:
            self.client.close()
            self.engine.close()

    def packet(self) -> None:
        kind = read_varint(self.fin)
        if kind == HELLO:
            self.greet()
        elif kind == PING:
            write_varint(SERVER_PONG, self.fout)
        elif kind == QUERY:
            query = self.read_query()
            try:
                self.answer(query)
                write_varint(SERVER_END, self.fout)
            except RuntimeError as error:
                self.refuse(str(error))
        elif kind != CANCEL:
            raise OSError(f"packet {kind}")
        self.fout.flush()

    def greet(self) -> None:
        read_binary_str(self.fin)
        for _ in range(3):
            read_varint(self.fin)
        database, user, _password = (read_binary_str(self.fin) for _ in range(3))
        if user == "nobody":
            self.refuse("Code: 516. DB::Exception: nobody: Authentication failed. (AUTHENTICATION_FAILED)")
            self.fout.flush()
            raise OSError("refused")
        try:
            self.engine.query(f"USE `{database or 'default'}`", "Null")
        except RuntimeError:
            self.refuse(f"Code: 81. DB::Exception: Database {database} does not exist. (UNKNOWN_DATABASE)")
            self.fout.flush()
            raise OSError("refused") from None
        write_varint(SERVER_HELLO, self.fout)
        write_binary_str("gateway", self.fout)
        for number in (26, 9, REVISION):
            write_varint(number, self.fout)
        write_binary_str("UTC", self.fout)
        write_binary_str("gateway", self.fout)
        write_varint(2, self.fout)
        self.fout.flush()
        read_binary_str(self.fin)  # addendum: quota key

    def read_query(self) -> Query:
        fin = self.fin
        read_binary_str(fin)  # query id
        self.read_client_info()
        settings = self.read_settings()
        read_binary_str(fin)  # interserver secret
        read_varint(fin)  # stage
        if read_varint(fin):
            raise OSError("compression is not spoken here")
        sql = read_binary_str(fin)
        params = {name: unquoted(value) for name, value in self.read_settings().items()}
        self.read_data()  # the empty block that ends external tables
        return Query(sql, {name: value for name, value in settings.items() if name not in OWN_SETTINGS}, params)

    def read_client_info(self) -> None:
        fin = self.fin
        read_binary_uint8(fin)
        for _ in range(3):
            read_binary_str(fin)
        read_binary_uint64(fin)  # start time
        read_binary_uint8(fin)
        for _ in range(3):
            read_binary_str(fin)
        for _ in range(3):
            read_varint(fin)
        read_binary_str(fin)  # quota key
        read_varint(fin)  # distributed depth
        read_varint(fin)  # patch
        if read_binary_uint8(fin):
            raise OSError("OpenTelemetry is not spoken here")
        for _ in range(3):
            read_varint(fin)  # parallel replicas

    def read_settings(self) -> dict[str, str]:
        found = {}
        while name := read_binary_str(self.fin):
            read_binary_uint8(self.fin)
            found[name] = read_binary_str(self.fin)
        return found

    def read_data(self) -> Any:
        if read_varint(self.fin) != DATA:
            raise OSError("expected data")
        read_binary_str(self.fin)
        return self.blocks_in.read()

    def write_data(self, columns: list[tuple[str, str]], values: list[list[Any]]) -> None:
        """Send one block; no rows make the header alone."""
        write_varint(SERVER_DATA, self.fout)
        write_binary_str("", self.fout)
        if any(values):
            self.blocks_out.write(ColumnOrientedBlock(columns, values))
        else:
            self.write_header(columns)

    def write_header(self, columns: list[tuple[str, str]]) -> None:
        """Write a block of no rows: the driver would add the prefix of LowCardinality columns, which its reader does not expect."""
        BlockInfo().write(self.fout)
        write_varint(len(columns), self.fout)
        write_varint(0, self.fout)
        for name, kind in columns:
            write_binary_str(name, self.fout)
            write_binary_str(kind, self.fout)
            write_binary_uint8(0, self.fout)  # no custom serialization

    def refuse(self, message: str) -> None:
        found = re.search(r"Code: (\d+)", message)
        write_varint(SERVER_EXCEPTION, self.fout)
        self.fout.write(struct.pack("<i", int(found[1]) if found else 1001))
        write_binary_str("DB::Exception", self.fout)
        write_binary_str(message, self.fout)
        write_binary_str("", self.fout)
        self.fout.write(b"\0")

    def answer(self, query: Query) -> None:
        insert = INSERT.match(query.sql)
        if insert:
            self.insert(insert[1], [name.strip(" `") for name in insert[2].split(",")], query.settings)
        elif ANSWERS.match(query.sql):
            self.select(query)
        else:
            self.engine.query(query.sql, "Null", params=query.params)

    def select(self, query: Query) -> None:
        raw = self.engine.query(query.sql + settings_clause(query.settings), "Native", params=query.params).bytes()
        source = BufferedSocketReader(Bytes(bytes(raw)), 1 << 20)
        blocks = BlockInputStream(source, context(0))
        sent = False
        while True:
            try:
                block = blocks.read()
            except EOFError:
                break
            if not sent:
                self.write_data(block.columns_with_types, [[] for _ in block.columns_with_types])  # a server sends the header first
            self.write_data(block.columns_with_types, [list(column) for column in block.data])
            sent = True
        if not sent:
            described = self.describe(f"({query.sql})", query.params)
            self.write_data(described, [[] for _ in described])

    def describe(self, what: str, params: dict[str, str]) -> list[tuple[str, str]]:
        lines = self.engine.query(f"DESCRIBE TABLE {what}", "TSV", params=params).data().splitlines()
        return [(name, kind.replace("\\'", "'")) for name, kind, *_ in (line.split("\t") for line in lines)]

    def insert(self, table: str, names: list[str], settings: dict[str, str]) -> None:
        types = dict(self.describe(table, {}))
        self.write_data([(name, types[name]) for name in names], [[] for _ in names])
        self.fout.flush()
        sink = Bytes()
        writer = BlockOutputStream(BufferedSocketWriter(sink, 1 << 20), context(0))
        while (block := self.read_data()).num_columns:
            block.data = [list(column) for column in block.data]
            writer.write(block)
            self.write_profile()
        with os.fdopen(os.memfd_create("gateway-insert"), "wb") as file:
            file.write(sink.data)
            file.flush()
            into = f"INSERT INTO {table} ({','.join(names)}) FROM INFILE '/proc/self/fd/{file.fileno()}'"
            # not send_insert, whose finish returns normally although the commit failed
            self.engine.query(f"{into}{settings_clause(settings)} FORMAT Native", "Null")
        self.write_profile()

    def write_profile(self) -> None:
        """Send the empty profile that the driver waits for after every block of an insert."""
        write_varint(SERVER_PROFILE, self.fout)
        write_binary_str("", self.fout)
        self.blocks_out.write(ColumnOrientedBlock())


def settings_clause(settings: dict[str, str]) -> str:
    pairs = (f"{name} = '{value.replace(chr(92), chr(92) * 2).replace(chr(39), chr(92) + chr(39))}'" for name, value in settings.items())
    return " SETTINGS " + ", ".join(pairs) if settings else ""


def unquoted(dump: str) -> str:
    """Undo the quoting in which a client sends a parameter's text."""
    if len(dump) < 2 or dump[0] != "'" or dump[-1] != "'":
        raise OSError(f"parameter {dump!r} is not quoted")
    return re.sub(r"\\(.)", lambda found: UNESCAPED.get(found[1], found[1]), dump[1:-1], flags=re.DOTALL)


def main(folder: str, port: int) -> None:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(16)
    _open_until_exit = chdb.connect(folder)
    print("listening", listener.getsockname()[1], flush=True)
    while True:
        client = listener.accept()[0]
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        Session(client, folder).start()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
