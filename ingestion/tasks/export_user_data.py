"""export_user_data: everything kept about one user, as a zip of JSON lines."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path
from typing import BinaryIO

from django.contrib.auth import get_user_model
from django.db.models import Model

from ingestion.conf import conf
from ingestion.personal_data import exported, options, owned_models
from jobs import Concurrency, PermanentError, Retry, current_run, job


@job(queue="maintenance", retry=Retry(3), concurrency=Concurrency(1, key="user-data:{user_id}"))
def export_user_data(*, user_id: int) -> dict[str, int | str]:
    """Write the user's rows of all models into a zip and return {path, rows, models}.

    One file of JSON lines per model; bytes in base64; passwords, tokens and credentials are left out. Only the
    process's own user may read the file; deleting it is up to whoever handed it over. A further attempt begins anew.
    """
    user = get_user_model().objects.filter(pk=user_id).first()
    if user is None:
        raise PermanentError(f"there is no user {user_id}")
    run = current_run()
    folder = Path(conf().export_folder)
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    path = folder / f"user-{user_id}-{run.id}.zip"
    beside = path.with_suffix(".part")
    rows = 0
    with _private(beside) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("auth.user.jsonl", _line(user))
        everything = owned_models()
        for owned in everything:
            with archive.open(f"{options(owned.model).label_lower}.jsonl", "w", force_zip64=True) as lines:
                for row in owned.rows(user_id).iterator(chunk_size=200):
                    run.stop_if_asked()
                    lines.write(_line(row))
                    rows += 1
    os.replace(beside, path)
    return {"path": str(path), "rows": rows, "models": len(everything)}


def _private(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")


def _line(row: Model) -> bytes:
    return json.dumps(exported(row), ensure_ascii=False, default=str).encode() + b"\n"
