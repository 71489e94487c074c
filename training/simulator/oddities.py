"""Honest things that look like fraud: without them any model would seem perfect."""

from training.simulator.places import CARD, MOBILE
from training.simulator.scene import HOUR_MS, MINUTE_MS, Scene, Script


class Harambee:
    """A collection for a wedding or a hospital bill: many people pay one number that they never paid before."""

    typology = "harambee"
    size = 20
    lead_ms = 6 * HOUR_MS

    def play(self, scene: Scene) -> None:
        random = scene.random
        first = scene.cast.people(1, MOBILE)
        for host in first:
            guests = [host, *scene.cast.neighbours(host, random.randint(8, 30))]
            number = scene.unknown_number() if random.random() < 0.5 else host.payer["phone_number"]
            hours = random.uniform(0.5, 12.0)
            for guest in guests[1:]:
                at_ms = scene.start_ms + int(random.random() * hours * HOUR_MS)
                ip = guest.ip if random.random() < 0.4 else None
                scene.send(guest, at_ms, random.choice([2, 4, 7, 7, 15, 35]), number, ip=ip, fraud=False)


class Rush:
    """A market day, a concert, a ticket sale: many people at one shop or site within minutes."""

    typology = "rush"
    size = 25
    lead_ms = 0

    def play(self, scene: Scene) -> None:
        random = scene.random
        flavour = random.choice([CARD, MOBILE])
        guests = scene.cast.people(random.randint(10, 45), flavour)
        if not guests:
            return
        category = random.choice(["digital_goods", "travel"] if flavour == CARD else ["shop_till", "minibus"])
        shop = scene.shop(guests[0], category)
        price, minutes = scene.usual_eur(guests[0], category), random.uniform(4, 50)
        for guest in guests:
            at_ms = scene.start_ms + int(random.random() * minutes * MINUTE_MS)
            scene.buy(guest, at_ms, price * random.choice([1, 1, 2, 3]), shop, fraud=False)


class NewPhone:
    """A new phone, tried out at once: transfers and purchases from a device never seen, sometimes abroad."""

    typology = "new_phone"
    size = 4
    lead_ms = 0

    def play(self, scene: Scene) -> None:
        random = scene.random
        flavour = random.choice([CARD, MOBILE])
        friends = scene.cast.people(2, MOBILE)
        for owner in scene.cast.people(1, flavour):
            device, ip, at_ms = scene.new_device(), scene.cast.near_ip(owner), scene.start_ms
            for _ in range(random.randint(2, 6)):
                if flavour == CARD:
                    goods = random.choice(["online_retail", "digital_goods"])
                    eur = scene.varied(scene.usual_eur(owner, goods) * 1.3)
                    scene.buy(owner, at_ms, eur, scene.shop(owner, goods), device=device, ip=ip, fraud=False)
                elif friends:
                    eur = scene.varied(scene.usual_eur(owner, "transfer") * 2, 0.8)
                    to = random.choice(friends).payer["phone_number"]
                    scene.send(owner, at_ms, eur, to, device=device, ip=ip, fraud=False)
                at_ms += random.randint(1, 60) * MINUTE_MS


class Spree:
    """Moving house, a holiday's first day, the sales: many and large purchases in one afternoon."""

    typology = "spree"
    size = 8
    lead_ms = 4 * HOUR_MS

    def play(self, scene: Scene) -> None:
        random = scene.random
        goods = ["electronics", "fashion", "online_retail", "travel", "grocery"]
        for buyer in scene.cast.people(1, CARD):
            at_ms = scene.start_ms
            for _ in range(random.randint(5, 12)):
                category = random.choice(goods)
                eur = scene.varied(max(30.0, scene.usual_eur(buyer, category)) * 1.8, 0.6)
                scene.buy(buyer, at_ms, eur, scene.shop(buyer, category), fraud=False)
                at_ms += random.randint(4, 50) * MINUTE_MS


ODDITIES: tuple[Script, ...] = (Harambee(), Rush(), NewPhone(), Spree())
