"""The model that a process serves: the registry's champion, changed between batches when another is promoted."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from contracts.errors import ModelRefused
from scoring.registry import earlier_champions, is_model, resolve
from scoring.schema import STREAM, Schema

if TYPE_CHECKING:
    from scoring.model import Model

LOOK_EVERY_S = 1.0  # reading one line of a file; a promotion holds from the batch after that


class ServedModel:
    """Holds the champion. A new champion that is refused leaves the old one in place; `refusal` says why.

    A process that starts meanwhile takes the champion before it, as those do that run already: otherwise a damaged
    file would stop the stream at the next restart, hours after its promotion.

    Importing XGBoost takes seconds, so it waits for the first model: a gateway answers meanwhile.
    """

    def __init__(self, path: Path, schema: Schema = STREAM) -> None:
        self.path = path
        self.loaded: Model | None = None
        self.refusal = ""
        self.looked = asyncio.Event()  # set when the first look is done, whatever it found
        self._schema = schema
        self._folder: Path | None = None

    @property
    def current(self) -> "Model":
        """Raises ModelRefused if none was loaded yet."""
        if self.loaded is None:
            raise ModelRefused(self.refusal or "no model is loaded yet")
        return self.loaded

    @property
    def version(self) -> str | None:
        return self.loaded.version if self.loaded else None

    def refresh(self) -> bool:
        """Load the champion if it is another than before (blocking: milliseconds); returns whether it changed."""
        try:
            folder = resolve(self.path)
            if folder == self._folder:
                self.refusal = ""
                return False
            self.loaded = self._load(folder)
        except ModelRefused as error:
            self.refusal = str(error)
            return self.loaded is None and self._fall_back()
        self._folder, self.refusal = folder, ""
        return True

    def _fall_back(self) -> bool:
        """Load the newest earlier champion that can be; `refusal` goes on to tell of the present one."""
        try:
            earlier = [] if is_model(self.path) else earlier_champions(self.path)
        except ModelRefused:
            return False
        for version in earlier:
            try:
                self.loaded = self._load(self.path / version)
            except ModelRefused:
                continue
            self._folder = self.path / version
            return True
        return False

    async def watch(self, note: Callable[[str, str], None]) -> None:
        """Keep the champion loaded. Runs until cancelled; `note` hears of a change: event, and version or reason."""
        refusal = ""
        while True:
            if await asyncio.to_thread(self.refresh):
                note("model_loaded", self.version or "")
            if self.refusal and self.refusal != refusal:
                note("model_refused", self.refusal)
            refusal = self.refusal
            self.looked.set()
            await asyncio.sleep(LOOK_EVERY_S)

    def _load(self, folder: Path) -> "Model":
        from scoring.model import load

        model = load(folder, self._schema)
        if folder != self.path and model.version != folder.name:  # decisions name it, so it must lead back here
            raise ModelRefused(f"{folder} holds model {model.version}: a copy under another name")
        return model
