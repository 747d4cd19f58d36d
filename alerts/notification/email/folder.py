"""E-mails as files in a folder."""

from __future__ import annotations

import os
from pathlib import Path

from squall.alerts.interfaces import DeliveryUnavailableError
from squall.core.config.files.permissions import private_folder
from squall.storage.rows.alerting import Notification


class FolderSender:
    """Writes `<notification id>.eml` into a folder; writing it twice leaves one file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, notification: Notification) -> None:
        """Write the file, whole or not at all.

        Raises:
            DeliveryUnavailableError: the folder can't be written to.
        """
        target = self._folder / f"{notification.id}.eml"
        partial = target.with_suffix(".eml.part")
        try:
            private_folder(self._folder)
            with partial.open("wb") as file:
                file.write(notification.message)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(target)
        except OSError as error:
            raise DeliveryUnavailableError(
                f"can't write {target}: {error.strerror or error}", "free space, or set SQUALL_ALERTS__OUTBOX"
            ) from error

    def describe(self) -> str:
        """Return where mail goes, for people."""
        return f"folder {self._folder}"
