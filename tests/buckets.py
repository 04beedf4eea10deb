"""A server that speaks S3, in memory, with credentials that open nothing else."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from moto.server import ThreadedMotoServer
from s3fs import S3FileSystem


@contextmanager
def bucket_server() -> Iterator[str]:
    """The place of an empty bucket; the environment tells clients, child processes too, where it answers."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    told = {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    before = {name: os.environ.get(name) for name in told}
    os.environ.update(told)
    try:
        name = f"snapshots-{uuid.uuid4().hex[:12]}"  # all servers of one process have the same buckets
        S3FileSystem(skip_instance_cache=True).mkdir(name)
        yield f"s3://{name}"
    finally:
        server.stop()
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
