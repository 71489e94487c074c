"""Invented rows of each known export, and what must come of them."""

from tests.analysis.extract.known_exports.sample import Sample
from tests.analysis.extract.known_exports.samples_austria_and_switzerland import AUSTRIA_AND_SWITZERLAND
from tests.analysis.extract.known_exports.samples_baltics import BALTICS
from tests.analysis.extract.known_exports.samples_belgium import BELGIUM
from tests.analysis.extract.known_exports.samples_finland_and_denmark import FINLAND_AND_DENMARK
from tests.analysis.extract.known_exports.samples_france import FRANCE
from tests.analysis.extract.known_exports.samples_germany import GERMANY
from tests.analysis.extract.known_exports.samples_germany_direct_banks import GERMAN_DIRECT_BANKS
from tests.analysis.extract.known_exports.samples_kenya_and_india import KENYA_AND_INDIA
from tests.analysis.extract.known_exports.samples_netherlands import NETHERLANDS
from tests.analysis.extract.known_exports.samples_norway import NORWAY
from tests.analysis.extract.known_exports.samples_payment_services import PAYMENT_SERVICES
from tests.analysis.extract.known_exports.samples_poland import POLAND
from tests.analysis.extract.known_exports.samples_spain import SPAIN
from tests.analysis.extract.known_exports.samples_sweden import SWEDEN
from tests.analysis.extract.known_exports.samples_uk_and_ireland import UK_AND_IRELAND
from tests.analysis.extract.known_exports.samples_us import UNITED_STATES

SAMPLES: dict[str, Sample] = {
    **NETHERLANDS,
    **BELGIUM,
    **FRANCE,
    **SPAIN,
    **GERMANY,
    **GERMAN_DIRECT_BANKS,
    **SWEDEN,
    **NORWAY,
    **FINLAND_AND_DENMARK,
    **AUSTRIA_AND_SWITZERLAND,
    **BALTICS,
    **POLAND,
    **UK_AND_IRELAND,
    **UNITED_STATES,
    **KENYA_AND_INDIA,
    **PAYMENT_SERVICES,
}
