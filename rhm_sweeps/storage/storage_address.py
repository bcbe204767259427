"""Addresses of storages as people write them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from rhm_sweeps.credentials import redact
from rhm_sweeps.errors import UsageError
from rhm_sweeps.storage.storage import Storage

SCHEMES = ("file", "s3", "gs", "gcs")
PATIENCE_OF_GCS_S = 5
"""Otherwise a request that fails is repeated for a quarter of an hour; the patience is ours."""


def storage_at(address: str, environment: Mapping[str, str]) -> Storage:
    """The storage at a path or URI.

    The server of an S3-compatible store is `?endpoint_override=http://host:port`, else AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL:
    it becomes part of the address, so that all nodes ask the same one.

    Raises:
        UsageError: if it is of a kind that is not known, names no bucket, or has credentials.
    """
    endpoint = environment.get("AWS_ENDPOINT_URL_S3") or environment.get("AWS_ENDPOINT_URL") or ""
    if any(redact(text) != text for text in (address, endpoint)):
        raise UsageError(
            f"the storage {redact(address)!r} has credentials in its address, which would be kept; set them in the environment "
            "of every node: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or GOOGLE_APPLICATION_CREDENTIALS"
        )
    if "://" not in address:
        return Storage(Path(address).expanduser().resolve().as_uri())
    parts = urlsplit(address)
    if parts.scheme not in SCHEMES or (parts.scheme != "file" and not parts.netloc):
        raise UsageError(f"the storage is {address!r}, but must be a path, s3://bucket/prefix or gs://bucket/prefix")
    options = dict(parse_qsl(parts.query))
    if parts.scheme == "s3" and endpoint:
        options = {"endpoint_override": endpoint, **options}
    if parts.scheme in ("gs", "gcs"):
        options = {"retry_limit_seconds": str(PATIENCE_OF_GCS_S), **options}
    return Storage(parts._replace(path=parts.path.rstrip("/"), query=urlencode(options, quote_via=quote)).geturl())
