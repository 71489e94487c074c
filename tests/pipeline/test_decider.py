"""The model's decider: rows of transactions among labels, states that were seen, the promoted model's turn."""

from features.events import EventBuilder
from features.fold import Folded, OfflineFold
from pipeline.decider import ModelDecider, states_seen
from scoring.model import Model
from scoring.policy import Policy
from tests.pipeline.payments import payment

POLICY = Policy()
LOG = [
    payment("t1", device_id="d", merchant_id="m"),
    payment("t2", device_id="d"),
    payment("t3", merchant_id="m", account_id="other"),
]


def folded() -> Folded:
    return OfflineFold(EventBuilder()).fold(LOG)


async def test_each_transaction_gets_its_own_row(model: Model) -> None:
    decider = ModelDecider(lambda: model, lambda _client: POLICY)
    whole = folded()
    every = await decider.decide(LOG, whole, [0, 1, 2])
    some = await decider.decide([LOG[0], LOG[2]], whole, [0, 2])
    assert [decision.transaction_id for decision in every] == ["t1", "t2", "t3"]
    assert some == [every[0], every[2]]
    assert [decision.vector for decision in every] == [row.tobytes() for row in whole.vectors]
    assert {decision.policy_version for decision in every} == {POLICY.version}


def test_a_decision_names_the_states_that_it_saw() -> None:
    assert states_seen(folded(), [0, 1, 2]) == [
        {"account": 0, "device": 0, "merchant": 0},
        {"account": 1, "device": 1},
        {"account": 0, "merchant": 1},
    ]


async def test_the_model_is_asked_once_a_batch(model: Model) -> None:
    asked = []

    def current() -> Model:
        asked.append(model)
        return model

    decider = ModelDecider(current, lambda _client: POLICY)
    await decider.decide(LOG, folded(), [0, 1, 2])
    assert len(asked) == 1
