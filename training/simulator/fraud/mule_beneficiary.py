"""Mule beneficiary: many people are talked into paying one number that nobody had paid before."""

from training.simulator.places import MOBILE
from training.simulator.scene import HOUR_MS, Scene


class MuleBeneficiary:
    typology = "mule_beneficiary"
    size = 16
    lead_ms = 3 * HOUR_MS

    def play(self, scene: Scene) -> None:
        random = scene.random
        victims = scene.cast.people(random.randint(10, 30), MOBILE)
        mule = scene.unknown_number()
        hours = random.uniform(0.4, 3.0) if scene.bold else random.uniform(6.0, 36.0)
        asked_eur = random.choice([10, 20, 35, 60])
        for victim in victims:
            at_ms = scene.start_ms + int(random.random() * hours * HOUR_MS)
            eur = asked_eur if random.random() < 0.5 else scene.varied(float(asked_eur), 0.6)
            ip = victim.ip if random.random() < 0.4 else None
            scene.send(victim, at_ms, eur, mule, ip=ip)
