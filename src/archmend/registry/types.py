"""The values the registry keeps and returns; `Version` is what registered.json and `show` hold."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from archmend.errors import unknown_name
from archmend.registry import keys

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
FileName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
Alias = Literal["champion", "previous"]


class _Frozen(BaseModel):
    # Fields that a later version of archmend adds are no reason to refuse its records.
    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False, protected_namespaces=())


class Blob(_Frozen):
    """A stored file.

    Attributes:
        sha256: digest of its content, which is also its name in the registry. size: bytes.
    """

    sha256: Digest
    size: Annotated[int, Field(ge=0)]


class Lineage(_Frozen):
    """Where a model comes from; None is unknown.

    Attributes:
        run: identifier of the run that made it. trial: number of the search's trial it started from.
        architecture: its text code. space: name of the search space.
        data_digest: of the data's content. split_digest: of the data and how it was divided.
        test_digest: of the rows it was measured on. source: the data as it was named.
        code_version: version of archmend that registered it. packages: versions of the packages in use.
        decisions: how many decisions its repair took. links: addresses of the run elsewhere, by name.
    """

    run: str | None = None
    trial: int | None = None
    architecture: str | None = None
    space: str | None = None
    data_digest: str | None = None
    split_digest: str | None = None
    test_digest: str | None = None
    source: str | None = None
    code_version: str | None = None
    packages: dict[str, str] = {}
    decisions: int | None = None
    links: dict[str, str] = {}


class Measured(_Frozen):
    """What the registry reads of an evaluation.json; all other fields are kept in the stored file.

    Attributes:
        accuracy: fraction 0..1 on `part`. test_digest: of the data's test rows.
        model_digest: sha256 of the model file that was measured.
    """

    accuracy: Annotated[float, Field(ge=0, le=1)]
    average_precision: float | None = None
    loss: float | None = None
    params: int | None = None
    flops: int | None = None
    part: str | None = None
    data_digest: str | None = None
    split_digest: str | None = None
    test_digest: str | None = None
    model_digest: str | None = None


class Record(_Frozen):
    """A version as it is stored, never changed after it was written.

    Attributes:
        version: counts from 1 for each name; a number is never used twice.
        created: UTC, ISO 8601. files: by name, `model.keras` and `evaluation.json` always among them.
        measured: the figures that promotion compares. promote_margin: how much better it had to be.
    """

    schema_version: Literal[1] = 1
    name: str
    version: Annotated[int, Field(ge=1)]
    created: str
    files: dict[FileName, Blob]
    measured: Measured
    lineage: Lineage
    promote_margin: Annotated[float, Field(ge=0, le=1)] = 0.0


class Version(Record):
    """A version as it is shown: its record and where it stands now.

    Attributes:
        registry: where the registry lies. aliases: those that point at it now.
        promoted: whether it became champion when it was registered; None if its registering was cut
            short after the record was written. reason: why, in a sentence.
        collected: its files were removed by gc; the record stays for the lineage.
    """

    registry: str = ""
    aliases: tuple[Alias, ...] = ()
    promoted: bool | None = None
    reason: str | None = None
    collected: bool = False

    def uri(self, file: str) -> str:
        """Return where a stored file lies, for other programs: a file://, s3:// or minio:// address.

        Raises:
            BadInput: it has no such file.
        """
        if file not in self.files:
            raise unknown_name("file", file, self.files)
        root = self.registry if "://" in self.registry else Path(self.registry).absolute().as_uri()
        return f"{root.rstrip('/')}/{keys.blob(self.files[file].sha256)}"


class Event(_Frozen):
    """One entry of a model's log; the entry with the highest number says where the aliases point.

    Attributes:
        action: `promoted` and `kept` come from registering `version`, `rolled_back` from a rollback to it.
        reason: why, in a sentence. at: UTC, ISO 8601.
        champion, previous: the aliases from now on.
        record_sha256: digest of the version's record, so that a change of it is noticed.
    """

    schema_version: Literal[1] = 1
    action: Literal["promoted", "kept", "rolled_back"]
    version: int
    reason: str
    at: str
    champion: int | None
    previous: int | None
    record_sha256: Digest | None = None


class Verification(_Frozen):
    """What verifying a version found.

    Attributes:
        problems: a sentence for each thing that is wrong; empty when all is well.
        files: how many stored files were hashed. rows: how many stored rows were predicted again.
    """

    name: str
    version: int
    problems: tuple[str, ...] = ()
    files: int = 0
    rows: int = 0

    @property
    def ok(self) -> bool:
        """Say whether nothing is wrong."""
        return not self.problems


class Collected(_Frozen):
    """What gc removed.

    Attributes:
        versions: name and number of the versions whose files went. blobs: how many stored files.
        bytes: their size together. leftovers: half-written files of writers that died.
    """

    versions: tuple[tuple[str, int], ...] = ()
    blobs: int = 0
    bytes: int = 0
    leftovers: int = 0


def as_json(value: BaseModel, **options: Any) -> bytes:
    """Write a value as the JSON file that a person can read."""
    return (value.model_dump_json(indent=2, **options) + "\n").encode()
