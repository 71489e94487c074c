"""The Python client scores through a real gateway."""

from datetime import UTC, datetime

from running_gateway import RunningGateway

from riskstream_client import Client, ProblemError, Score, Transaction


async def test_transactions_are_scored(gateway: RunningGateway, key: str) -> None:
    payments = [
        Transaction(transaction_id=name, amount=10, timestamp=datetime.now(UTC), account_id="acct-1") for name in "abc"
    ]
    async with Client(f"http://{gateway.address}", key) as client:
        assert (await client.score(payments[0], dry_run=True)).dry_run
        first = await client.score(payments[0])
        again = await client.score(payments[0])
        assert (first.repeated, again.repeated) == (False, True)
        assert first.risk_score == again.risk_score
        assert first.reasons
        other = {"transaction_id": "a", "amount": 11, "timestamp": "2026-01-01T00:00:00Z", "account_id": "acct-1"}
        scored = await client.score_batch([*payments, other])
        assert [isinstance(each, Score) for each in scored] == [True, True, True, False]
        assert isinstance(scored[3], ProblemError)
        assert scored[3].status == 422
