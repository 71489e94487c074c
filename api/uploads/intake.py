"""What one gateway process receives at once, and where the files go."""

import asyncio
import errno
import shutil
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from starlette.requests import Request

from analysis.upload_folder import original_path, remove, upload_folder
from api.problems import BUSY, Problem
from api.uploads.receiving import Received, receive
from contracts.errors import StoreUnavailable
from settings import Settings

AT_ONCE_MAX = 8  # uploads of one gateway process; each takes a connection, a megabyte and a part of the disk
OF_CLIENT_MAX = 3  # of these, so that nobody takes all places
RETRY_AFTER = {"Retry-After": "5"}
DISK_RESERVE_BYTES = 256 * 1024 * 1024  # that uploads leave free


@dataclass
class Intake:
    """Receives files into UPLOAD_DIR."""

    settings: Settings
    _arriving: Counter[int] = field(default_factory=Counter)

    @property
    def extensions(self) -> frozenset[str]:
        return frozenset(each.strip().lower() for each in self.settings.allowed_file_types.split(",") if each.strip())

    @asynccontextmanager
    async def arriving(self, request: Request, client_id: int) -> AsyncIterator[tuple[UUID, Received]]:
        """A file that has arrived, under the id of its upload. Its folder goes unless the block ends without error.

        Raises a problem, a 503 one where there is too much of it or no room.
        """
        if self._arriving.total() >= AT_ONCE_MAX or self._arriving[client_id] >= OF_CLIENT_MAX:
            raise Problem(BUSY, "too many files arrive at this moment; try again", headers=RETRY_AFTER)
        self._arriving[client_id] += 1
        upload_id = uuid4()
        root = self.settings.upload_dir
        try:
            received = await self._received(request, client_id, upload_id)
            yield upload_id, received
        except StoreUnavailable:
            raise  # perhaps its row is there; what has none goes with the next `riskstream retain`
        except BaseException:
            await asyncio.shield(asyncio.to_thread(remove, root, client_id, upload_id))
            raise
        finally:
            self._arriving[client_id] -= 1

    async def _received(self, request: Request, client_id: int, upload_id: UUID) -> Received:
        root = self.settings.upload_dir
        try:
            await asyncio.to_thread(upload_folder(root, client_id, upload_id).mkdir, 0o700, True, True)
            free = (await asyncio.to_thread(shutil.disk_usage, root)).free
            if free < self.settings.max_file_size + DISK_RESERVE_BYTES:
                raise _no_room()
            path = original_path(root, client_id, upload_id)
            return await receive(request, path, self.settings.max_file_size, self.extensions)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise _no_room() from error
            raise


def _no_room() -> Problem:
    return Problem(BUSY, "there is no room for uploads at this moment", headers=RETRY_AFTER)
