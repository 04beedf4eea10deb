"""JSON lines on stderr; job, trajectory, fence, worker and request bound by context variables."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from service.settings import Settings

_SECRET = re.compile(r"ont_[A-Za-z0-9]+_[A-Za-z0-9_-]+|://[^:/@\s]*:[^@/\s]+@")


def configure(settings: Settings) -> None:
    """Set up logging of this process, the libraries' included."""
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _redact,
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    logging.basicConfig(level=max(level, logging.WARNING), handlers=[handler], force=True)


def _redact(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Keys and passwords never reach a log, however deep they stand; line ends in user text begin no line."""
    for name, value in event.items():
        event[name] = _clean(value)
    return event


def _clean(value: Any) -> Any:
    match value:
        case str():
            return _SECRET.sub("[redacted]", value)
        case dict():
            return {name: _clean(part) for name, part in value.items()}
        case list() | tuple():
            return [_clean(part) for part in value]
        case _:
            return value
