"""Credentials in texts: found by their form, and hidden."""

from __future__ import annotations

import re
from urllib.parse import urlsplit, urlunsplit

_CREDENTIALS = re.compile(r"://[^\s/@:]*(:\S*)?@")
_SECRET = r"password|passwd|pwd|token|secret|secret_?key|api_?key|access_?key|signature"
_SECRET_QUERY = re.compile(rf"(?i)([?&;][\w.-]*(?:{_SECRET})=)[^&;\s#]*")


def redact(text: str) -> str:
    """Hide the credentials of every URI in a text: `://user:password@` becomes `://***@`."""
    return _SECRET_QUERY.sub(r"\1***", _CREDENTIALS.sub("://***@", text))


def without_credentials(uri: str) -> str:
    """The URI without `user:password@`, still one that a browser can open."""
    parts = urlsplit(uri)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
