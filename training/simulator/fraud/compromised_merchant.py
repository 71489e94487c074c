"""Compromised merchant: cards that were used at one shop are misused elsewhere, days later."""

from training.simulator.cast import Person
from training.simulator.places import CARD
from training.simulator.scene import DAY_MS, HOUR_MS, MINUTE_MS, Scene

_GOODS = ("online_retail", "digital_goods", "travel")


class CompromisedMerchant:
    typology = "compromised_merchant"
    size = 35
    lead_ms = 8 * DAY_MS

    def play(self, scene: Scene) -> None:
        random = scene.random
        first = scene.cast.people(1, CARD)
        if not first:
            return
        guests = first + scene.cast.neighbours(first[0], random.randint(10, 24))
        shop = scene.shop(first[0], random.choice(["restaurant", "fuel", "grocery"]))
        gangs = [(scene.new_device(), scene.foreign_ip()) for _ in range(random.randint(2, 5))]
        strikes_ms = scene.start_ms + random.randint(2, 5) * DAY_MS
        for guest in guests:
            visit_ms = scene.start_ms + random.randrange(36 * HOUR_MS)
            scene.buy(guest, visit_ms, scene.varied(30), shop, city=first[0].city, fraud=False)
            if random.random() < 0.8:
                at_ms = strikes_ms + random.randrange(3 * DAY_MS)
                self._misuse(scene, guest, at_ms, *random.choice(gangs))

    def _misuse(self, scene: Scene, owner: Person, at_ms: int, device: str, ip: str) -> None:
        random = scene.random
        # the stolen cards are sold: some buyers share a device, most have their own
        if random.random() < 0.6:
            device, ip = scene.new_device(), scene.foreign_ip()
        city = scene.other_city(owner, far=True) if scene.bold else owner.city
        for _ in range(random.randint(1, 4)):
            goods = random.choice(_GOODS)
            eur = scene.varied(scene.usual_eur(owner, goods) * (2.0 if scene.bold else 1.0))
            scene.buy(owner, at_ms, eur, scene.shop(owner, goods), city=city, device=device, ip=ip)
            at_ms += random.randint(2, 180) * MINUTE_MS
