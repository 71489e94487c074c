"""Every bound of the feed, with its reason."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FeedLimits:
    hello_s: float = 5  # DESIGN section 6: no hello in time closes with 4408
    heartbeat_s: float = 15  # of silence; under the 30 to 60 s after which proxies cut an idle connection
    backlog_max: int = 1000  # alerts that a live socket may fall behind; the same number is kept in memory
    send_s: float = 20  # for one chunk of frames to leave; a socket that takes longer is stuck
    chunk: int = 200  # alerts a read of the replay, and frames between two looks at the clock
    poll_s: float = 1  # Postgres is asked for new alerts this often, so that a silent topic holds nothing back
    recheck_s: float = 2  # a revoked key or an ended session closes its feeds within this time; one query for all
    retry_s: float = 1  # between two tries while Postgres is away
    sockets_max: int = 2000  # a process; each costs a task and its transport's buffers
    client_sockets_max: int = 1000  # of it: one client must not take the feed from the others
