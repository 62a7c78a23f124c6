"""Folders and object stores, as universal-pathlib opens them."""

import re

from fsspec import get_filesystem_class
from upath import UPath

from pipeline.errors import UsageError


def open_storage(url: str, variable: str) -> tuple[UPath, tuple[type[Exception], ...]]:
    """Return the place and what its client raises; nothing is touched yet. Raises UsageError naming the variable.

    A web address is no storage: what is fetched from the web goes through the fetcher, which refuses private addresses.
    """
    if {"http", "https", "ftp"} & set(re.split(r"://|::", url)):
        raise UsageError(
            f"{variable} is {url!r}: write a folder, or the address of an object store such as s3://bucket/prefix"
        )
    try:
        root = UPath(url)
        get_filesystem_class(root.protocol)
    except (ValueError, ImportError) as error:
        raise UsageError(f"{variable} is {url!r}: {error}") from error
    return root, (OSError, *_client_errors(root.protocol))


def _client_errors(protocol: str) -> tuple[type[Exception], ...]:
    """Return what an object store's client raises beside OSError, such as for missing credentials."""
    if protocol not in {"s3", "s3a"}:
        return ()
    from botocore.exceptions import BotoCoreError  # noqa: PLC0415 - an extra, and slow to import

    return (BotoCoreError,)
