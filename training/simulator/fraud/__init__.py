"""How fraud is done: one typology a module, told as a short script over a few payers."""

from training.simulator.fraud.account_takeover import AccountTakeover
from training.simulator.fraud.bust_out import BustOut
from training.simulator.fraud.card_testing import CardTesting
from training.simulator.fraud.compromised_merchant import CompromisedMerchant
from training.simulator.fraud.impossible_travel import ImpossibleTravel
from training.simulator.fraud.mule_beneficiary import MuleBeneficiary
from training.simulator.fraud.sim_swap import SimSwap
from training.simulator.scene import Script

TYPOLOGIES: tuple[Script, ...] = (
    CardTesting(),
    AccountTakeover(),
    CompromisedMerchant(),
    SimSwap(),
    MuleBeneficiary(),
    BustOut(),
    ImpossibleTravel(),
)
