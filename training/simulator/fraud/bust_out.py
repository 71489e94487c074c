"""Bust-out: an account behaves well for months, then uses its limit up and pays nothing back."""

from contracts.transaction import Kind
from training.simulator.places import CARD
from training.simulator.scene import HOUR_MS, MINUTE_MS, Scene

_GOODS = ("electronics", "fashion", "online_retail", "travel", "cash_machine")


class BustOut:
    typology = "bust_out"
    size = 10
    lead_ms = 8 * HOUR_MS

    def play(self, scene: Scene) -> None:
        random = scene.random
        for debtor in scene.cast.people(1, CARD):
            at_ms = scene.start_ms
            count = random.randint(8, 18) if scene.bold else random.randint(4, 10)
            gap_ms = (random.uniform(3, 10) * HOUR_MS if scene.bold else random.uniform(24, 72) * HOUR_MS) / count
            for nth in range(count):
                goods = random.choice(_GOODS)
                growth = 2.5 + 5.0 * nth / count if scene.bold else 1.2 + 2.0 * nth / count
                eur = scene.varied(max(40.0, scene.usual_eur(debtor, goods)) * growth, 0.3)
                refused = nth > count - 4 and random.random() < 0.6
                kind = Kind.DECLINED if refused else Kind.PAYMENT
                scene.buy(debtor, at_ms, eur, scene.shop(debtor, goods), kind=kind)
                at_ms += int(gap_ms * random.uniform(0.3, 1.7)) + MINUTE_MS
