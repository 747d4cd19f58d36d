"""What a type of source is: a name, its options, and how a source of it is opened."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from typing import Annotated, Any, ClassVar, Generic, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, SecretStr, ValidationInfo

from squall.core.config.files.permissions import SECRET_REFERENCE
from squall.ingest.registry.answer import SourceAnswer, first_answer
from squall.ingest.registry.context import SourceContext
from squall.ingest.source import Source


class SourceOptions(BaseModel):
    """The options of a type: the keys of its `[[source]]` tables but for `type` and `name`. A misspelt key is an error.

    Give every field a description: `squall ingest types NAME` shows it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


def _resolved(value: Any, info: ValidationInfo) -> Any:
    if not isinstance(value, str) or not value.startswith(SECRET_REFERENCE):
        return value
    name = value.removeprefix(SECRET_REFERENCE)
    secret = (info.context or {}).get(name.lower())
    if secret is None:
        raise ValueError(
            f"there is no secret {name!r}: set SQUALL_INGEST__SECRETS__{name.upper()}, or a file of that name in SQUALL_SECRETS_DIR"
        )
    return secret.get_secret_value()


Secret = Annotated[SecretStr, BeforeValidator(_resolved)]
"""An option that is secret: `"secret:NAME"` takes it from the setting `ingest.secrets`; any other text is the secret itself."""

O = TypeVar("O", bound=SourceOptions)  # noqa: E741 - the options of a type


class SourceType(ABC, Generic[O]):
    """A type of source, found by its name in the entry point group `squall.sources`.

    The entry point has the same name and names the class, which is made without arguments.
    """

    name: ClassVar[str]
    """As written in `type = "…"`: lower-case letters, digits, `-` and `_`."""
    summary: ClassVar[str]
    """What it reads, in one line."""
    Options: ClassVar[type[SourceOptions]]
    """The model of its options."""
    example: ClassVar[str]
    """The options of a usual table, one a line as in TOML, without `type` and `name`."""

    @abstractmethod
    def open(self, options: O, context: SourceContext) -> Source:
        """Return a source; connect to nothing yet, that is for `Source.batches`. Called again after a failure.

        Raises:
            ConfigurationError: an option can't be right.
        """

    def check(self, options: O, context: SourceContext, stop: threading.Event, seconds: float) -> SourceAnswer:
        """Ask what the source reads, for `squall ingest check`: by default open it and wait for a first batch or contact.

        Args:
            options: of the source.
            context: its cursor is empty, and nothing is stored.
            stop: give up.
            seconds: the longest wait.

        Raises:
            SquallError: the answer is an error.
        """
        return first_answer(self.open(options, context), context, stop, seconds)
