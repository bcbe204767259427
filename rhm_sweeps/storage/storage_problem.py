"""Why a storage does not do what it is asked, in a line with the cure."""

from __future__ import annotations

import errno
import os
import re

from rhm_sweeps.credentials import redact
from rhm_sweeps.errors import StorageError, StorageRefusedError

_OF_FILES = (errno.EACCES, errno.EROFS, errno.ENOSPC, errno.ENOENT)

_REFUSALS = {
    "NO_SUCH_BUCKET": "there is no such bucket; make it, or name another",
    "Bucket not found": "there is no such bucket; make it, or name another",
    "ACCESS_DENIED": "access is denied; the credentials in the environment do not let it in",
    "INVALID_ACCESS_KEY_ID": "the AWS_ACCESS_KEY_ID in the environment is not known there",
    "SIGNATURE_DOES_NOT_MATCH": "the AWS_SECRET_ACCESS_KEY in the environment is not that of its AWS_ACCESS_KEY_ID",
    "HTTP status 403": "access is denied; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment of every node",
    "Could not create a OAuth2 access token": "set GOOGLE_APPLICATION_CREDENTIALS in the environment of every node",
    "UNAUTHENTICATED": "the account of GOOGLE_APPLICATION_CREDENTIALS is not known there",
    "PERMISSION_DENIED": "access is denied; the account of GOOGLE_APPLICATION_CREDENTIALS may not write there",
}
_SILENT = "its server does not answer; is the address right, and does the server run?"
_SILENCE = dict.fromkeys(("NETWORK_CONNECTION", "Could not connect to server", "Timeout was reached"), _SILENT)
_GIST_OF_GOOGLE = re.compile(
    r"google::cloud::Status\(.*(?:underlying error message was|last message of):? (.*?) error_info="
)
"""Of several hundred characters, in which everything is said twice."""


def storage_error(doing: str, uri: str, error: Exception) -> StorageError:
    """What an error of pyarrow says, in a line, with the cure if its kind is known."""
    code = error.errno if isinstance(error, OSError) else None
    said = os.strerror(code) if code in _OF_FILES else " ".join(redact(str(error)).split())
    if code == errno.ENOENT and not uri.startswith("file:"):
        said = "Bucket not found"  # whoever looks for a file hears that it is not there
    refusal = next((cure for sign, cure in _REFUSALS.items() if sign in said), "")
    cure = refusal or next((cure for sign, cure in _SILENCE.items() if sign in said), "")
    said = gist[1] if (gist := _GIST_OF_GOOGLE.search(said)) else said
    kind = StorageRefusedError if refusal or code in (errno.EACCES, errno.EROFS) else StorageError
    return kind(f"cannot {doing} {redact(uri)}: " + (f"{cure} ({said})" if cure else said))
