"""The registry itself: one method a thing that a person can do with it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from archmend.errors import BadInput
from archmend.registry import aliases, blobs, catalog, collecting, keys, place, promotion
from archmend.registry.files import read_input, write_files
from archmend.registry.measured import measured_of
from archmend.registry.store import Store
from archmend.registry.types import Collected, Event, Lineage, Record, Verification, Version

MODEL = "model.keras"
EVALUATION = "evaluation.json"


class Registry:
    """Versions of models with what they were measured at and where they come from.

    Everything in it is written once: files under the digest of their content, a record a version, and
    a log a model whose newest entry says where the aliases point. So any number of processes may use
    it at once, and one that is killed leaves nothing but files that `gc` removes.
    """

    _store: Store

    def __init__(
        self, location: str | Path, *, store: Store | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        """Open the registry at `location`; the first `register` makes it.

        Args:
            location: path of a folder, or s3://bucket/prefix or minio://bucket/prefix.
            store: where it lies, if not there.
            clock: seconds since the epoch.

        Raises:
            BadInput: `location` holds something else. MissingExtra: a bucket, and minio is not installed.
            Unavailable: the bucket does not exist, or its store does not answer or refuses.
        """
        self._clock = clock
        if store is not None:
            self._store, self.location = store, str(location)
            return
        opened = place.open_store(location)
        self._store, self.location = opened, str(opened.root)

    def register(
        self,
        model_path: str | Path,
        evaluation: str | Path | bytes,
        *,
        name: str,
        lineage: Lineage | None = None,
        promote_margin: float = 0.0,
        files: Mapping[str, bytes] | None = None,
    ) -> Version:
        """Add a version, and make it the champion if it is better than the one there is.

        Args:
            model_path: the `.keras` file.
            evaluation: its evaluation.json, as a path or its bytes.
            name: of the model.
            lineage: where it comes from.
            promote_margin: how much higher (0..1) its accuracy must be than the champion's.
            files: further files to keep with it, content by name.

        Raises:
            BadInput: a name or margin that cannot be, a file that is not there, an evaluation that is
                none or is one of another model file.
            Unavailable: the disk is full, or the store does not answer or refuses.
        """
        keys.check_name(name)
        promotion.check_margin(promote_margin)
        model = read_input(model_path, "model file")
        text = evaluation if isinstance(evaluation, bytes) else read_input(evaluation, "evaluation")
        measured = measured_of(text, model)
        contents = {MODEL: model, EVALUATION: text, **(files or {})}
        place.begin(self._store, self.location)
        described = blobs.keep(self._store, contents)
        record = catalog.append(
            self._store,
            keys.versions(name),
            lambda number: Record(
                name=name,
                version=number,
                created=self._now(),
                files=described,
                measured=measured,
                lineage=lineage or Lineage(),
                promote_margin=promote_margin,
            ),
        )
        blobs.restore_missing(self._store, contents, described)
        verdict = aliases.settle(self._store, record, self._now())
        return catalog.shown(record, self.location, verdict=verdict, now=verdict)

    def list(self, name: str | None = None, *, collected: bool = False) -> tuple[Version, ...]:
        """Return the versions of one model or of all, the oldest first; `collected` ones too if asked for.

        Raises:
            BadInput: no registry here, or no such model.
        """
        place.check_marker(self._store, self.location)
        if name is not None:
            catalog.check_known(self._store, name)
        found = [name] if name is not None else catalog.names(self._store)
        every = (v for n in found for v in catalog.view(self._store, n, self.location))
        return tuple(v for v in every if collected or not v.collected)

    def show(self, name: str, version: int | str = "champion") -> Version:
        """Return one version, by number or alias.

        Raises:
            BadInput: no registry here, no such model, version or alias.
        """
        place.check_marker(self._store, self.location)
        number = catalog.resolve(self._store, name, version)
        return catalog.view(self._store, name, self.location, only=number)[0]

    def find(self, name: str, same: Callable[[Record], bool], *, among: int = 20) -> Version | None:
        """Return the newest version for which `same` is true, of the `among` newest ones; None if none is.

        It is how a registering that is repeated finds what it did before. A record that cannot be read is
        passed over: it hinders nobody from registering.
        """
        for number in reversed(catalog.numbers(self._store, keys.versions(name))[-among:]):
            try:
                stored, _ = catalog.record(self._store, name, number)
            except BadInput:
                continue
            if same(stored):
                return catalog.view(self._store, name, self.location, only=number)[0]
        return None

    def history(self, name: str) -> tuple[Event, ...]:
        """Return a model's log: each promotion, refusal and rollback with its reason, the oldest first.

        Raises:
            BadInput: no registry here, or no such model.
        """
        place.check_marker(self._store, self.location)
        catalog.check_known(self._store, name)
        return tuple(catalog.log(self._store, name))

    def read(self, name: str, version: int | str, file: str) -> bytes:
        """Return a stored file of a version, checked against its digest.

        Raises:
            BadInput: it is not there, damaged or collected.
        """
        return blobs.read(self._store, self._live(name, version), file)

    def export(self, name: str, version: int | str, directory: str | Path) -> Path:
        """Write a version's files into a new or empty folder and return it; the SavedModel as a folder.

        Raises:
            BadInput: the folder holds something, or a file of the version is missing or damaged.
        """
        shown = self._live(name, version)
        return write_files(directory, {file: blobs.read(self._store, shown, file) for file in shown.files})

    def verify(self, name: str, version: int | str = "champion", *, replay: bool = True) -> Verification:
        """Hash every file of a version anew, load the model, and predict the stored rows again.

        Args:
            name: of the model.
            version: its number, or an alias.
            replay: False only hashes, which needs no TensorFlow.

        Raises:
            BadInput: no such version, or it was collected. MissingExtra: TensorFlow is not installed.
        """
        shown = self._live(name, version)
        problems = aliases.damage(self._store, name, shown.version)
        rows = 0
        if replay and not problems:
            from archmend.registry.replay import replay as predict_again

            contents = {file: blobs.read(self._store, shown, file) for file in shown.files}
            problems, rows = predict_again(contents)
        return Verification(
            name=name, version=shown.version, problems=tuple(problems), files=len(shown.files), rows=rows
        )

    def rollback(self, name: str, to: int | str = "previous") -> Version:
        """Point `champion` at an earlier version, and `previous` at the one that was champion until now.

        A second rollback undoes the first.

        Raises:
            BadInput: no such version, it is the champion already, is damaged or was collected.
        """
        place.check_marker(self._store, self.location)
        event = aliases.roll_back(self._store, name, to, self._now())
        return self.show(name, event.version)

    def gc(self, *, keep: int = 5, grace_seconds: float = 3600.0) -> Collected:
        """Remove the files of old versions, files of no version, and what killed writers left.

        Args:
            keep: how many of each model's newest versions stay; those with an alias stay in any case.
            grace_seconds: nothing younger is touched, as it may belong to a registering at this moment.

        Raises:
            BadInput: no registry here, a count below 1, a negative time, or a record that cannot be read.
        """
        place.check_marker(self._store, self.location)
        return collecting.collect(self._store, keep=keep, before=self._clock(), grace=grace_seconds)

    def _live(self, name: str, version: int | str) -> Version:
        shown = self.show(name, version)
        if shown.collected:
            raise BadInput(
                f"the files of version {shown.version} of {name} were collected; name another version"
            )
        return shown

    def _now(self) -> str:
        return datetime.fromtimestamp(self._clock(), UTC).isoformat(timespec="seconds")
