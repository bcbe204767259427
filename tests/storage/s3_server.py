"""A real S3 server on this machine: moto."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pyarrow.fs import S3FileSystem

from .object_server import BUCKET, ObjectServer

CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "tester",
    "AWS_SECRET_ACCESS_KEY": "moto-asks-nobody",
    "AWS_EC2_METADATA_DISABLED": "true",
}


class S3Server(ObjectServer):
    """Its address is in the environment."""

    @property
    def environment(self) -> Mapping[str, str]:
        return {**CREDENTIALS, "AWS_ENDPOINT_URL": self.endpoint}

    def address(self, path: str, bucket: str = BUCKET) -> str:
        return f"s3://{bucket}/{path}"

    @property
    def _command(self) -> Sequence[str]:
        return "-c", "from moto.server import main; main()", "-H", "127.0.0.1", "-p", str(self.port)

    def start(self) -> None:
        super().start()
        self.system().create_dir(BUCKET)

    def system(self) -> S3FileSystem:
        """Its own view of what it holds."""
        return S3FileSystem(
            access_key=CREDENTIALS["AWS_ACCESS_KEY_ID"],
            secret_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
            endpoint_override=self.endpoint,
            region="us-east-1",
            allow_bucket_creation=True,
        )
