"""Account takeover: somebody else signs in, from their own device and country, and empties the account."""

from contracts.transaction import Kind
from training.simulator.cast import Person
from training.simulator.places import CARD, MOBILE
from training.simulator.scene import MINUTE_MS, Scene

_GOODS = ("online_retail", "digital_goods", "travel")


class AccountTakeover:
    typology = "account_takeover"
    size = 5
    lead_ms = 0

    def play(self, scene: Scene) -> None:
        flavour = CARD if scene.random.random() < 0.7 else MOBILE
        for victim in scene.cast.people(1, flavour):
            if flavour == CARD:
                self._shop_online(scene, victim)
            else:
                self._send_away(scene, victim)

    def _shop_online(self, scene: Scene, victim: Person) -> None:
        random = scene.random
        city = scene.other_city(victim, far=True) if scene.bold else victim.city
        device = scene.new_device()
        ip = scene.foreign_ip() if scene.bold else scene.cast.near_ip(victim)
        at_ms = scene.start_ms
        for nth in range(random.randint(3, 8) if scene.bold else random.randint(1, 3)):
            goods = random.choice(_GOODS)
            eur = scene.varied(scene.usual_eur(victim, goods) * (3.0 if scene.bold else 1.2))
            kind = Kind.DECLINED if nth and random.random() < 0.2 else Kind.PAYMENT
            scene.buy(victim, at_ms, eur, scene.shop(victim, goods), city=city, device=device, ip=ip, kind=kind)
            at_ms += random.randint(20_000, 200_000) if scene.bold else random.randint(1, 300) * MINUTE_MS

    def _send_away(self, scene: Scene, victim: Person) -> None:
        random = scene.random
        device, ip = scene.new_device(), scene.foreign_ip() if scene.bold else scene.cast.near_ip(victim)
        city = scene.other_city(victim) if scene.bold else victim.city
        receivers = [person.payer["phone_number"] for person in scene.cast.people(2, MOBILE)]
        at_ms = scene.start_ms
        for _ in range(random.randint(2, 5)):
            eur = scene.varied(scene.usual_eur(victim, "transfer") * (7.0 if scene.bold else 2.5))
            scene.send(victim, at_ms, eur, random.choice(receivers), city=city, device=device, ip=ip)
            at_ms += random.randint(20_000, 240_000) if scene.bold else random.randint(1, 120) * MINUTE_MS
