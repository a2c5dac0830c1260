"""Signs with programs in other languages, which take many documents at once."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import Encoding

from .job import Job
from .people import AT, material, request_of, role_of
from .properties import qualifying_properties

_HERE = Path(__file__).parent
JAVA_LAYOUTS = ("enveloped", "xpath", "filter2", "enveloping", "enveloping-base64")
NODE_LAYOUTS = ("enveloped", "enveloped-v2")


def sign_with_java(jobs: list[Job]) -> dict[Job, bytes]:
    """Sign with the JDK's own javax.xml.crypto."""

    def last_field(job: Job, folder: Path) -> str:
        return str(_properties_file(job, folder))

    source = _HERE / "java" / "SignXml.java"
    return _signed(jobs, last_field, lambda path: ["java", str(source), str(path)])


def sign_with_node(jobs: list[Job]) -> dict[Job, bytes]:
    """Sign with xadesjs, which npm installs into a temporary folder."""
    with tempfile.TemporaryDirectory() as folder:
        for file in (_HERE / "node").iterdir():
            shutil.copy(file, folder)
        subprocess.run(["npm", "install", "--silent"], cwd=folder, check=True)
        script = f"{folder}/sign.mjs"
        return _signed(
            jobs, lambda _job, _folder: AT.isoformat(), lambda path: ["node", script, str(path)]
        )


def _signed(
    jobs: list[Job],
    last_field: Callable[[Job, Path], str],
    command: Callable[[Path], Iterable[str]],
) -> dict[Job, bytes]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lines = ["\t".join(_fields(job, folder, last_field(job, folder))) for job in jobs]
        (folder / "jobs.tsv").write_text("\n".join(lines) + "\n")
        subprocess.run(list(command(folder / "jobs.tsv")), check=True)
        return {job: (folder / job.file).read_bytes() for job in jobs}


def _fields(job: Job, folder: Path, extra: str) -> list[str]:
    key, certificate = material(job.identity, job.algorithm)
    private = key.private_bytes(
        Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    files = {
        "request": request_of(job.identity),
        "key": private,
        "certificate": certificate.public_bytes(Encoding.DER),
    }
    paths = []
    for kind, content in files.items():
        path = folder / f"{job.file}.{kind}"
        path.write_bytes(content)
        paths.append(str(path))
    return [job.layout, job.algorithm, *paths, extra, str(folder / job.file)]


def _properties_file(job: Job, folder: Path) -> Path:
    _key, certificate = material(job.identity, job.algorithm)
    text = qualifying_properties(
        certificate,
        role_of(job.identity),
        AT,
        signature_id="java-signature",
        properties_id="java-properties",
        version="v2",
    )
    path = folder / f"{job.file}.properties"
    path.write_text(text)
    return path
