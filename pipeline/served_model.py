"""The model that a process serves: the registry's champion, changed between batches when another is promoted."""

from pathlib import Path

from contracts.errors import ModelRefused
from scoring.model import Model, load
from scoring.registry import resolve


class ServedModel:
    """Holds the champion. A new champion that is refused leaves the old one in place; `refusal` says why."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._folder: Path | None = None
        self._model: Model | None = None
        self.refusal = ""

    @property
    def current(self) -> Model:
        """Raises ModelRefused if none was loaded yet."""
        if self._model is None:
            raise ModelRefused(self.refusal or "no model is loaded yet")
        return self._model

    @property
    def version(self) -> str | None:
        return self._model.version if self._model else None

    def refresh(self) -> bool:
        """Load the champion if it is another than before (blocking: milliseconds); returns whether it changed."""
        try:
            folder = resolve(self._path)
            if folder == self._folder:
                self.refusal = ""
                return False
            self._model = self._loaded(folder)
        except ModelRefused as error:
            self.refusal = str(error)
            return False
        self._folder, self.refusal = folder, ""
        return True

    def _loaded(self, folder: Path) -> Model:
        model = load(folder)
        if folder != self._path and model.version != folder.name:  # decisions name it, so it must lead back here
            raise ModelRefused(f"{folder} holds model {model.version}: a copy under another name")
        return model
