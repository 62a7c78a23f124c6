"""Version to its JSON form and back: the document as it stood, and what mappings/versions.json adds to it."""

from datetime import datetime
from typing import Any

from pipeline.model import codec
from pipeline.model.version import Difference, Version

_OWN = ("article_id", "version", "replaced_at", "difference")


def version_json(version: Version) -> dict[str, Any]:
    """Return the JSON form of the version; its ``id`` is its own, the article's is ``article_id``."""
    return {
        **version.form,
        "id": version.id,
        "article_id": version.article_id,
        "version": version.number,
        "replaced_at": version.replaced_at.isoformat(),
        "difference": codec.to_json(version.difference),
    }


def read_version(form: dict[str, Any]) -> Version:
    """Return the version that ``version_json`` was given."""
    own = {name: form[name] for name in _OWN}
    return Version(
        article_id=own["article_id"],
        number=own["version"],
        replaced_at=datetime.fromisoformat(own["replaced_at"]),
        form={**{name: value for name, value in form.items() if name not in _OWN}, "id": own["article_id"]},
        difference=codec.from_json(own["difference"], Difference),
    )
