"""SIM swap: the telephone number moves to a fraudster's phone, and the wallet is emptied within minutes."""

from contracts.transaction import Kind
from training.simulator.places import MOBILE
from training.simulator.scene import Scene


class SimSwap:
    typology = "sim_swap"
    size = 6
    lead_ms = 0

    def play(self, scene: Scene) -> None:
        random = scene.random
        receivers = [person.payer["phone_number"] for person in scene.cast.people(3, MOBILE)]
        for victim in scene.cast.people(1, MOBILE):
            device = scene.new_device()
            city = scene.other_city(victim) if random.random() < 0.4 else victim.city
            ip = scene.foreign_ip() if scene.bold and random.random() < 0.5 else None  # else by USSD
            at_ms = scene.start_ms
            for nth in range(random.randint(4, 9) if scene.bold else random.randint(2, 4)):
                eur = scene.varied(scene.usual_eur(victim, "transfer") * (8.0 if scene.bold else 3.0), 0.4)
                kind = Kind.DECLINED if nth > 2 and random.random() < 0.3 else Kind.PAYMENT  # the daily limit
                scene.send(victim, at_ms, eur, random.choice(receivers), city=city, device=device, ip=ip, kind=kind)
                at_ms += random.randint(15_000, 90_000) if scene.bold else random.randint(60_000, 1_800_000)
            if random.random() < 0.4:
                eur = scene.usual_eur(victim, "agent") * 4
                scene.buy(victim, at_ms, eur, scene.shop(victim, "agent"), city=city, device=device)
