"""A server that speaks as Google Cloud Storage does, on this machine, and an account of the kind that Google gives programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from .object_server import BUCKET, ObjectServer


@dataclass
class GcsServer(ObjectServer):
    """Requests are signed with the account's key; the server looks at no signature."""

    account: Path = Path("none")
    """Where the account's key is written."""

    @property
    def environment(self) -> Mapping[str, str]:
        return {"GOOGLE_APPLICATION_CREDENTIALS": str(self.account)}

    def address(self, path: str, bucket: str = BUCKET) -> str:
        return f"gs://{bucket}/{path}?scheme=http&endpoint_override=127.0.0.1:{self.port}"

    @property
    def _command(self) -> Sequence[str]:
        module, bucket = "gcp_storage_emulator", f"--default-bucket={BUCKET}"
        return sys.executable, "-m", module, "start", "--host=127.0.0.1", f"--port={self.port}", "--in-memory", bucket

    def start(self) -> None:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        account = {
            "type": "service_account",
            "project_id": "project",
            "private_key_id": "1",
            "private_key": pem,
            "client_email": "tester@project.iam.gserviceaccount.com",
            "client_id": "1",
            "token_uri": "https://oauth2.googleapis.com/token",
        }
        self.account.write_text(json.dumps(account), encoding="utf-8")
        super().start()
