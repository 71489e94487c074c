"""Impossible travel: the owner pays at home, and a copy of the card pays in another city minutes later."""

from training.simulator.places import CARD
from training.simulator.scene import HOUR_MS, MINUTE_MS, Scene

_GOODS = ("electronics", "fashion", "cash_machine", "fuel", "grocery")


class ImpossibleTravel:
    typology = "impossible_travel"
    size = 4
    lead_ms = 2 * HOUR_MS

    def play(self, scene: Scene) -> None:
        random = scene.random
        for owner in scene.cast.people(1, CARD):
            usual = random.choice(["grocery", "coffee", "restaurant"])
            eur = scene.varied(scene.usual_eur(owner, usual))
            scene.buy(owner, scene.start_ms, eur, scene.shop(owner, usual), fraud=False)
            city = scene.other_city(owner, far=scene.bold)
            place = scene.district_of(city)
            at_ms = scene.start_ms + random.randint(10, 90 if scene.bold else 400) * MINUTE_MS
            for _ in range(random.randint(2, 6)):
                goods = random.choice(_GOODS)
                eur = scene.varied(scene.usual_eur(owner, goods) * (2.0 if scene.bold else 1.0))
                scene.buy(owner, at_ms, eur, scene.shop(owner, goods, place), city=city)
                at_ms += random.randint(3, 40) * MINUTE_MS
