"""Card testing: a list of stolen cards is tried with tiny payments, and those that work are used."""

from contracts.transaction import Kind
from training.simulator.places import CARD
from training.simulator.scene import MINUTE_MS, Scene


class CardTesting:
    typology = "card_testing"
    size = 30
    lead_ms = 0

    def play(self, scene: Scene) -> None:
        random = scene.random
        cards = scene.cast.people(random.randint(18, 40) if scene.bold else random.randint(8, 16), CARD)
        if not cards:
            return
        device, ip, city = scene.new_device(), scene.foreign_ip(), scene.other_city(cards[0])
        shop = scene.shop(cards[0], random.choice(["digital_goods", "online_retail", "subscription"]))
        at_ms = scene.start_ms
        working = []
        for card in cards:
            declined = random.random() < (0.65 if scene.bold else 0.35)
            eur = random.choice([0.5, 1.0, 1.0, 2.0]) if scene.bold else random.uniform(1.0, 9.0)
            kind = Kind.DECLINED if declined else Kind.PAYMENT
            scene.buy(card, at_ms, eur, shop, city=city, device=device, ip=ip, kind=kind)
            if not declined:
                working.append(card)
            # a script that pays no attention, or one that waits so as not to be noticed
            at_ms += random.randint(600, 4_000) if scene.bold else random.randint(30_000, 6 * MINUTE_MS)
        for card in working[: random.randint(0, 3)]:
            at_ms += random.randint(1, 20) * MINUTE_MS
            target = scene.shop(card, random.choice(["online_retail", "digital_goods", "travel"]))
            scene.buy(card, at_ms, scene.varied(180), target, city=city, device=device, ip=ip)
