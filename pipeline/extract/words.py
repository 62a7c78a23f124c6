"""Word lists of this stage, kept as TOML beside the code, read once when first needed."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def load_words(name: str) -> Mapping[str, Any]:
    """Return the tables of ``data/<name>.toml``."""
    return tomllib.loads(files("pipeline.extract").joinpath("data", f"{name}.toml").read_text(encoding="utf-8"))
