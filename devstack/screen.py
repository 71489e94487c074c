"""What `riskstream up` and `riskstream stack` print: steps, then one screen that says where everything is."""

import json
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime

from rich.console import Console
from rich.panel import Panel
from rich.table import Table

from devstack.home import Home

STILL_EVERY_S = 10.0
_SERVERS = (("Kafka", "KAFKA_BOOTSTRAP_SERVERS"), ("Redis", "REDIS_URL"), ("Postgres", "DATABASE_URL"))
_EXAMPLE = {
    "transaction_id": "my-1",
    "amount": 250,
    "currency": "EUR",
    "phone_number": "+254700000001",
    "device_id": "my-phone",
    "location": "Nairobi",
}


class Screen:
    """Prints for one run; knows how long that has taken. What a person may paste is never wrapped or cut."""

    def __init__(self, app_name: str, home: Home, command: str) -> None:
        """`command` is how this installation's `riskstream` is called from where the person is."""
        self._app_name = app_name
        self._home = home
        self._command = command
        self._console = Console(highlight=False)
        self._began = time.monotonic()
        self._awaited = ""
        self._told_at = self._began
        self._done = threading.Event()
        threading.Thread(target=self._repeat, daemon=True).start()

    def step(self, what: str) -> None:
        """Say what comes next, and while it takes its time say so every STILL_EVERY_S, without a terminal too."""
        self._awaited = what
        self._tell(f"{what} …")

    def waits_for(self, what: str) -> None:
        """Say in the repetition of the step what exactly is waited for."""
        self._awaited = what

    def close(self) -> None:
        """End the repetition."""
        self._done.set()

    def _repeat(self) -> None:
        while not self._done.wait(1.0):
            if self._awaited and time.monotonic() - self._told_at >= STILL_EVERY_S:
                self._tell(f"still waiting for: {self._awaited}")

    def _tell(self, line: str) -> None:
        self._told_at = time.monotonic()
        self._console.print(f"[{self._told_at - self._began:5.1f} s] {line}", markup=False, soft_wrap=True)

    def say(self, line: str, style: str = "") -> None:
        self._console.print(line, style=style, markup=False, soft_wrap=True)

    def warn(self, line: str) -> None:
        self.say(line, "yellow")

    def all_is_up(self, environment: Mapping[str, str], sign_in_token: str, processes: Mapping[str, str]) -> None:
        """`processes` maps each process of ours to its log file, and where its metrics are."""
        self._awaited = ""
        url = environment["API_URL"]
        table = self._servers(environment)
        for name, places in processes.items():
            table.add_row(name, places)
        table.add_row("API docs", f"{url}/docs")
        table.add_row("Addresses", f"{self._home.stack_env} (with the API key)")
        self._console.print(Panel(table, title=f"{self._app_name} is up", border_style="green", expand=False))
        self.say(f"Console, signs this browser in once ({self._command} sign-in prints another link):")
        self.say(f"  {url}/sign-in?token={sign_in_token}\n", "bold")
        self.say("Publish a transaction of your own:")
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        self.say(
            f"  echo '{json.dumps(_EXAMPLE | {'timestamp': now})}' | {self._command} publish --format jsonl -\n", "bold"
        )
        self.say("Ctrl-C stops everything; the data stays for the next start.")

    def servers_are_up(self, environment: Mapping[str, str]) -> None:
        self._awaited = ""
        table = self._servers(environment)
        table.add_row("Addresses", f"{self._home.stack_env} (with the passwords)")
        self._console.print(Panel(table, title="Kafka, Redis and Postgres are up", border_style="green", expand=False))
        self.say("Ctrl-C stops them; the data stays for the next start.")

    def first_alert(self) -> None:
        seconds = time.monotonic() - self._began
        self.say(f"The first live alert arrived {seconds:.0f} s after the start: see it in the console.", "green")

    def _servers(self, environment: Mapping[str, str]) -> Table:
        table = Table.grid(padding=(0, 2))
        table.add_column(no_wrap=True)
        table.add_column(overflow="fold")
        for name, setting in _SERVERS:
            table.add_row(name, environment[setting].rpartition("@")[2])
        table.add_row("Logs", str(self._home.logs))
        return table
