"""What ClickHouse's error numbers mean for a caller: the names are those of `errorCodeToName(n)` in ClickHouse 26.5."""

from __future__ import annotations

from typing import Final

TEMPORARY: Final = {
    # disk and object storage
    74: "CANNOT_READ_FROM_FILE_DESCRIPTOR",
    75: "CANNOT_WRITE_TO_FILE_DESCRIPTOR",
    204: "CANNOT_FSYNC",
    243: "NOT_ENOUGH_SPACE",
    294: "CANNOT_WRITE_TO_FILE",
    499: "S3_ERROR",
    771: "CACHE_CANNOT_WRITE_TO_CACHE_DISK",
    # memory and threads
    173: "CANNOT_ALLOCATE_MEMORY",
    241: "MEMORY_LIMIT_EXCEEDED",
    439: "CANNOT_SCHEDULE_TASK",
    777: "MEMORY_RESERVATION_KILLED",
    778: "MEMORY_RESERVATION_FAILED",
    # load
    159: "TIMEOUT_EXCEEDED",
    160: "TOO_SLOW",
    201: "QUOTA_EXCEEDED",
    202: "TOO_MANY_SIMULTANEOUS_QUERIES",
    252: "TOO_MANY_PARTS",
    364: "RECEIVED_ERROR_TOO_MANY_REQUESTS",
    574: "DISTRIBUTED_TOO_MANY_PENDING_BYTES",
    692: "TOO_MANY_MUTATIONS",
    700: "USER_SESSION_LIMIT_EXCEEDED",
    745: "SERVER_OVERLOADED",
    749: "TCP_CONNECTION_LIMIT_REACHED",
    776: "RESOURCE_LIMIT_EXCEEDED",
    # connections, between servers too
    95: "CANNOT_READ_FROM_SOCKET",
    96: "CANNOT_WRITE_TO_SOCKET",
    203: "NO_FREE_CONNECTION",
    209: "SOCKET_TIMEOUT",
    210: "NETWORK_ERROR",
    279: "ALL_CONNECTION_TRIES_FAILED",
    297: "SHARD_HAS_NO_CONNECTIONS",
    # replication and Keeper
    225: "NO_ZOOKEEPER",
    242: "TABLE_IS_READ_ONLY",
    244: "UNEXPECTED_ZOOKEEPER_ERROR",
    254: "NO_ACTIVE_REPLICAS",
    265: "NO_AVAILABLE_REPLICA",
    285: "TOO_FEW_LIVE_REPLICAS",
    286: "UNSATISFIED_QUORUM_FOR_PREVIOUS_WRITE",
    319: "UNKNOWN_STATUS_OF_INSERT",
    369: "ALL_REPLICAS_ARE_STALE",
    416: "REPLICA_STATUS_CHANGED",
    659: "UNKNOWN_STATUS_OF_TRANSACTION",
    904: "TOO_MANY_UNAVAILABLE_SHARDS",
    999: "KEEPER_EXCEPTION",
    # a server that starts, stops or changes a table
    236: "ABORTED",
    384: "PART_IS_TEMPORARILY_LOCKED",
    394: "QUERY_WAS_CANCELLED",
    473: "DEADLOCK_AVOIDED",
    677: "THREAD_WAS_CANCELED",
    696: "ASYNC_LOAD_CANCELED",
    733: "TABLE_IS_BEING_RESTARTED",
    735: "QUERY_WAS_CANCELLED_BY_CLIENT",
    738: "PART_IS_LOCKED",
    # the operating system's own errors, of any kind
    425: "SYSTEM_ERROR",
    1002: "UNKNOWN_EXCEPTION",
}
"""It may pass: keep everything and try again. What is not listed here never passes, unless its text is one of `TEMPORARY_TEXTS`."""
TEMPORARY_TEXTS: Final = (
    "No space left on device",
    "Too many open files",
    "Cannot allocate memory",
    "std::bad_alloc",
    "Disk quota exceeded",
)
"""What the system answered, whatever number ClickHouse gave it."""
PERMANENT_TEXTS: Final = ("partitions for single INSERT block",)
"""TOO_MANY_PARTS also stands for a block that spans too many partitions, which stays so at each try."""
NO_DATABASE: Final = 81
MISSING: Final = {16: "NO_SUCH_COLUMN_IN_TABLE", 47: "UNKNOWN_IDENTIFIER", 60: "UNKNOWN_TABLE"}
"""The schema is behind this version."""
REFUSED: Final = {
    164: "READONLY",
    192: "UNKNOWN_USER",
    193: "WRONG_PASSWORD",
    194: "REQUIRED_PASSWORD",
    291: "DATABASE_ACCESS_DENIED",
    497: "ACCESS_DENIED",
    516: "AUTHENTICATION_FAILED",
}
"""The login, or what it may do."""


def is_temporary(code: int, text: str) -> bool:
    """Return whether an error of ClickHouse may pass.

    Args:
        code: its number; 0: unknown.
        text: its message.
    """
    if any(permanent in text for permanent in PERMANENT_TEXTS):
        return False
    return code in TEMPORARY or any(system in text for system in TEMPORARY_TEXTS)
