"""Keeps parts running: one that dies is started again, a bounded number of times; at the end all are stopped.

One that dies more often than that is given up, and the others run on: a worker that cannot live is no reason to end the
gateway, which answers calls, or the feed.
"""

import signal
import time
from collections.abc import Callable, Mapping, Sequence
from types import FrameType

from contracts.errors import StackError
from devstack.part import Part

RESTARTS_MAX = 5  # of one part within RESTART_WINDOW_S; more is a defect that a restart does not mend
RESTART_WINDOW_S = 300.0
BACK_OFF_S = (0.0, 1.0, 2.0, 5.0, 10.0)
WATCH_EVERY_S = 0.25


class StopRequested(KeyboardInterrupt):
    """Ctrl-C, SIGTERM or SIGHUP arrived. Of this kind because event loops let no other one through."""


class Supervisor:
    """Runs on the main thread. `say` prints one line to the person in front of the screen.

    `on_loss` hears of every part that was given up so far, by name, with one sentence.
    """

    def __init__(
        self,
        say: Callable[[str], None],
        back_off_s: Sequence[float] = BACK_OFF_S,
        on_loss: Callable[[Mapping[str, str]], None] = lambda _lost: None,
    ) -> None:
        """`back_off_s`: the wait before the first restart of a part, the second and so on; then the last one."""
        self._say = say
        self._back_off_s = back_off_s
        self._on_loss = on_loss
        self.lost: dict[str, str] = {}
        self._parts: list[Part] = []
        self._restarts: dict[str, list[float]] = {}
        self._back_at: dict[str, float] = {}
        self._stopping = False

    def catch_signals(self) -> None:
        """From here on a stop signal raises StopRequested, once; further ones are ignored while stopping."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)

    def adopt(self, *parts: Part) -> None:
        """Watch parts that are started already; they are stopped in reverse order."""
        self._parts += parts

    def start(self, part: Part) -> None:
        """Start a part and watch it."""
        self._parts.append(part)
        part.start()

    def watch(self, each_turn: Callable[[], None] = lambda: None) -> None:
        """Until a stop is requested: restart what dies. Raises StackError when no part is left that lives."""
        while True:
            for part in self._parts:
                if part.spec.name not in self.lost:
                    self._look_after(part)
            each_turn()
            time.sleep(WATCH_EVERY_S)

    def stop(self) -> None:
        """Stop every part, last started first; a second Ctrl-C does not interrupt it."""
        self._stopping = True
        for part in reversed(self._parts):
            part.stop()

    def _look_after(self, part: Part) -> None:
        name = part.spec.name
        code = part.exit_code()
        if code is None or (code == 0 and not part.spec.restarts):
            return
        now = time.monotonic()
        if name not in self._back_at:
            recent = [at for at in self._restarts.get(name, []) if at > now - RESTART_WINDOW_S]
            if len(recent) >= RESTARTS_MAX:
                self._give_up(part)
                return
            self._restarts[name] = [*recent, now]
            wait_s = self._back_off_s[min(len(recent), len(self._back_off_s) - 1)]
            self._back_at[name] = now + wait_s
            self._say(f"{name} ended (exit code {code}); it starts again in {wait_s:.0f} s. Log: {part.log_path}")
        if now >= self._back_at[name]:
            del self._back_at[name]
            try:
                part.start()
            except OSError as error:  # counts as one more end; what the machine lacks may come back
                self._say(f"{name} cannot be started: {error}")

    def _give_up(self, part: Part) -> None:
        name = part.spec.name
        sentence = f"{name} ended {RESTARTS_MAX + 1} times in five minutes"
        self.lost[name] = sentence
        if all(each.spec.name in self.lost or each.exit_code() is not None for each in self._parts):
            raise StackError(f"{sentence}. {part.last_words()}")
        self._say(
            f"{sentence} and is given up until the next start; everything else runs on without it. {part.last_words()}"
        )
        try:
            self._on_loss(self.lost)
        except OSError as error:
            self._say(f"That {name} is lost could not be noted for the gateway: {error}")

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        if not self._stopping:
            self._stopping = True
            raise StopRequested
