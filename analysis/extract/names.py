"""What columns are called, in the languages of the institutions that we know.

A name is compared without case, marks and the words' boundaries in it: `TransactionID`, `transaction_id` and
`Transaction-Id` are one name. The earlier of a meaning's names is the better one.
"""

import re
from functools import cache, lru_cache
from typing import get_args

from analysis.extract.reading import COLUMN_NAME_MAX, Meaning

MEANINGS: tuple[Meaning, ...] = get_args(Meaning)
PART = 1000  # ranks from here on: only a part of the name is known

NAMES: dict[Meaning, str] = {
    "transaction_id": "transaction id|txn id|tx id|trans id|transaktionsid|transaction reference"
    "|transaction number|transaktionsnummer|reference number|payment id|entry reference|receipt no|receipt number"
    "|receipt|verifikationsnummer|ver nr|beleg nr|belegnummer|volgnummer|volgnr|psp reference|arkiveringskod"
    "|arkistointitunnus|bilagsnummer|bilagsnr|numer transakcji|id transakcji|transaction code|transaktionscode"
    "|chq ref no|ref no|ref chq no|arkivreferens|arhiveerimistunnus|transaktionsreferenz|id",
    "account": "account id|account number|account no|account|konto|kontonummer|iban|kontonr|auftragskonto"
    "|iban auftragskonto|rekening|rekeningnummer|iban bban|compte|numéro de compte|cuenta|número de cuenta|conto"
    "|conta|tili|tilinumero|kontonumber|kliendi konto|nr konta|numer konta|rachunek|nr rachunku|numer rachunku"
    "|číslo účtu|účet|számlaszám|sąskaita|sąskaitos nr|konta nr|sender account|from account|nameorig|card number"
    "|card id|card|card no|kaart|kaartnummer|kortnummer|kartennummer|carte|tarjeta|customer id|customer|msisdn"
    "|phone number|phone|sender|kunde|kunden nr|kundennummer|kund|kundnummer|kundnr|cliente|client id",
    "time": "timestamp|transaction time|transaction datetime|date time|tx datetime|event time|transaction date"
    "|booking date|booking date time|posting date|post date|posted date|posted|date posted|booked|date|datum"
    "|datum tijd|datum verrichting|transactiedatum|boekdatum|boekingsdatum|uitvoeringsdatum|trandate|bokföringsdag"
    "|bokföringsdatum|bokförd|bokföringstid|transaktionsdatum|transaktionsdag|reskontradatum|buchungstag"
    "|buchungsdatum|buchungszeit|buchung|umsatzdatum|belegdatum|completion time|completed date|date completed"
    "|created at|created on|created|creation date|created utc|started date|fecha|fecha operación|fecha contable"
    "|f operativa|f contable|date opération|date de l opération|date comptable|dateop|date d opération|data"
    "|data operacji|data transakcji|data księgowania|data contabile|data operazione|data movimento|bogført"
    "|bogføringsdato|bogføringsdag|dato|bokføringsdato|bokført dato|bokført|utført dato|kirjauspäivä"
    "|kirjauspäivämäärä|pvm|päivä|maksupäivä|tapahtumapäivä|arvopäivä|kuupäev|makse kuupäev|kande kuupäev|datums"
    "|data ir laikas|datum transakcije|datum zaúčtování|datum provedení|datum účtování|datum pohybu|dátum"
    "|könyvelés dátuma|tranzakció dátuma|tarih|işlem tarihi|дата|txn date|value dt|value date|valuta datum"
    "|valutadag|wertstellung|wertstellungsdatum|valuteringsdatum|rentedatum|date valeur|date de valeur|fecha valor"
    "|f valor|data valuta|valuta|valör|data waluty|rentedato|valutadato|valutada|when|time",
    "clock": "time of day|clock|klockslag|klokkeslæt|klokkeslett|tid|uhrzeit|tijd|tijdstip|hour|heure|hora|ora"
    "|godzina|kellaaeg|kello|aika|čas|idő|saat|time",
    "amount": "amount|transaction amount|tx amount|txn amount|amt|betrag|belopp|bedrag|transactiebedrag|beløb"
    "|beløp|montant|importe|importo|valor|summa|summ|maksesumma|määrä|kwota|kwota transakcji|kwota operacji"
    "|importância|montante|valor da operação|částka"
    "|suma|objem|összeg|iznos|tutar|сумма"
    "|umsatz|umsatzbetrag|amount paid|value|sum|cantidad|monto|gross amount"
    "|gross|brutto|bruttobetrag|bruto|brut|net amount|net|netto|nettobetrag|neto",
    "money_in": "paid in|money in|credit|credit amount|credits|credit amt|deposit|deposits|deposit amount"
    "|deposit amt|inflow|amount in|incoming|received|insättning|insättningar|kredit|kreditbelopp|haben|habenbetrag"
    "|haben umsatz|crédit|crédits|montant crédit|versement|recette|gutschrift|gutschriften|einnahme|einnahmen"
    "|eingang|zahlungseingang|bij|bijschrijving|ind|indbetaling|inn|inn på konto|inngående|inbetalning|in|abono"
    "|abonos|haber|ingreso|ingresos|accrediti|accredito|entrate|avere|crédito|créditos|uznania|uznanie|wpływy|wpływ"
    "|příjem|kredyt|jóváírás|kreedit|kreditas|kredīts|pano|panot|alacak|bijgeschreven|inkomsten|income|приход"
    "|кредит|ontvangsten|ontvangen|indtægt|indtægter|indsat|inntekt|inntekter|tulo|tulot|laekumine|laekumised"
    "|pajamos|įplaukos|ieņēmumi|entradas|entrada|recettes|entrée|entrées|depósitos|receitas|gelen|gelir"
    "|bevétel|příjmy|prihod|uplata|insatt|reçu|recebido|ricevuto|erhalten|zugang|zugänge|saadud|gauta|saņemts",
    "money_out": "paid out|money out|withdrawn|withdrawal|withdrawals|withdrawal amount|withdrawal amt|debit"
    "|debit amount|debits|debit amt|outflow|amount out|outgoing|spent|uttag|debet|debetbelopp|soll|sollbetrag"
    "|soll umsatz|débit|débits|montant débit|retrait|dépense|lastschrift|lastschriften|belastung|belastungen"
    "|ausgabe|ausgaben|ausgang|zahlungsausgang|af|afschrijving|ud|udbetaling|ut|ut fra konto|utgående|utbetalning"
    "|uit|cargo|cargos|debe|adeudo|adeudos|gasto|gastos|addebiti|addebito|uscite|dare|débito|débitos|obciążenia"
    "|obciążenie|wydatki|wydatek|výdaj|výdej|terhelés|deebet|debetas|debets|otto|otot|borç|afgeschreven|uitgaven"
    "|expense|expenses|belastning|расход|дебет|out|udgift|udgifter|hævet|utgift|utgifter|meno|menot|väljaminek"
    "|väljaminekud|išlaidos|mokėjimai|izdevumi|saídas|saída|dépenses|sortie|sorties|retiros|retiro|despesas|giden"
    "|gider|kiadás|výdaje|rashod|isplata|uttak|uttaget|payé|pago|pagato|bezahlt|abgang|abgänge|makstud|sumokėta|samaksāts",
    "direction": "credit debit indicator|cdtdbtind|credit debit|debit credit|dr cr|cr dr|d c|c d|d k|k d|s h"
    "|h s|direction|dir|soll haben|soll haben kennzeichen|haben soll|debet credit|debet kredit|debit kredit"
    "|kredit debet|creditdebet|debit or credit|credit or debit|credit debit flag|af bij|bij af|type dc|sign"
    "|inflow outflow|in out|in uit|in ut|ind ud|ud ind|deebet kreedit|deebet kreedit d c|debeto kredito|sens"
    "|sens de l opération|sentido|signo|debe haber|cargo abono|dare avere|segno|indicator|kierunek|strona|wn ma"
    "|směr|irány|debetas kreditas|debets kredīts|riktning|retning|richtung|kennzeichen|umsatzart dc|posting type"
    "|d c indicator|debit credit indicator|transaction direction|money direction|yön|borç alacak",
    "currency": "currency|currency code|ccy|transaction currency|account currency|curr|währung|währungscode"
    "|waehrung|valuta|valutacode|valutakod|muntsoort|munt|devise|divisa|moneda|moeda|waluta|měna|mena|deviza"
    "|devizanem|pénznem|valuuta|valuutta|valiuta|valūta|para birimi|валюта|currency iso",
    "counterparty": "counterparty account|counterparty iban|counterparty account number|kontonummer iban"
    "|tegenrekening|tegenrekening iban bban|tegenrekeningnummer|gegenkonto|iban zahlungsbeteiligter|motkonto"
    "|mottagarkonto|modkonto|beneficiary account|beneficiary iban|payee account|payee account number|payee iban"
    "|recipient account|recipient iban|to account|saaja konto|saajan tilinumero|maksja konto|counterparty id"
    "|counterparty|beneficiary id|beneficiary|beneficiary name|payee|payee name|recipient|recipient name|receiver"
    "|mottagare|motpart|empfänger|begünstigter|begünstigter zahlungspflichtiger|beguenstigter zahlungspflichtiger"
    "|auftraggeber empfänger|auftraggeber begünstigter|name zahlungsbeteiligter|zahlungsempfänger"
    "|zahlungsempfänger in|namedest|creditor|creditor name|debtor name|other party|other party info"
    "|counterparty name|tegenpartij|naam tegenpartij|naam|partij|bénéficiaire|beneficiario|contrepartie|contraparte"
    "|odbiorca|kontrahent|nadawca odbiorca|saaja|saaja maksja|saaja maksja nimi|saaja nimi|saajan nimi|maksaja"
    "|protistrana|název protiúčtu|protiúčet|partner|partner neve|partner name|gavėjas|mokėtojas gavėjas|saņēmējs"
    "|supplier|leverantör|modtager|mottaker|alıcı|modtagerkonto|til konto|vastatili|compte du tiers"
    "|iban gegenkonto|nom du tiers|begunstigde|controparte|ordenante|ordonnateur|beneficiário|zleceniodawca",
    "merchant": "merchant|merchant id|merchant name|shop|terminal id|store|handlare|händler|vendor|winkel|butik"
    "|commerçant|comercio|esercente|kauppias|kaupmees|sklep|obchodník",
    "category": "category|merchant category|merchant category code|mcc|transaction type|type|kategori|kategorie"
    "|transaktionstyp|transaktionsart|umsatzart|umsatztyp|buchungstext|buchungsart|mutatiesoort|catégorie|categoría"
    "|categoria|kategoria|typ transakcji|tapahtumalaji|laji|voucher series|serie|transaction category|code|kod"
    "|rodzaj|typ|kind",
    "channel": "channel|kanal|payment method|method|entry mode|kanaal|canal",
    "country": "country|country code|land|pays|país|paese|kraj|merchant country",
    "device": "device|device id|imei|terminal",
    "ip": "ip|ip address",
    "text": "text|description|transaction description|narrative|narration|message|meddelande|melding|meddelelse"
    "|besked|verwendungszweck|omschrijving|mededeling|mededelingen|naam omschrijving|libellé|libelle|concepto"
    "|descripción|descrizione|causale|descrição|opis|opis operacji|opis transakcji|tytuł|tytułem|tytuł operacji"
    "|popis|poznámka|zpráva pro příjemce|közlemény|megjegyzés|selitys|viesti|selgitus|paskirtis|mokėjimo paskirtis"
    "|maksājuma mērķis|memo|note|notes|remittance information|transaktionstext|beskrivning|beskrivelse|forklaring"
    "|tekst|reference|referens|referenz|referentie|référence|details|transaction details|particulars|purpose"
    "|remarks|transaction remarks|label|detail|subject|açıklama|описание",
    "balance": "balance|balance after|account balance|running balance|closing balance|available balance|saldo"
    "|saldo na mutatie|saldo nach buchung|saldo na trn|saldo po operacji|saldo disponible|kontostand|bokfört saldo"
    "|solde|balance amount|egyenleg|könyvelt egyenleg|zůstatek|zostatok|stan konta|jääk|likutis|atlikums"
    "|konta atlikums|bakiye|bakiye tutarı|остаток|saldo contabile|saldo dopo|saldo efter|saldo etter|new balance"
    "|saldo final|final balance",
}
# Words that make another thing of a name which has a known one in it: "payee account" is not the account.
OTHER_PARTY = (
    "payee beneficiary counterparty counter recipient receiver creditor dest destination to other opposite gegen"
    " tegenrekening tegenpartij empfänger begünstigter zahlungsempfänger zahlungspflichtiger mottagare mottagar"
    " modtager mottaker motpart mot saaja saajan odbiorca odbiorcy kontrahent kontrahenta destino beneficiario"
    " bénéficiaire partner protiúčtu gavėjo saņēmēja contrepartie contraparte contra external target"
)
_SPOILING: dict[Meaning, str] = {
    "account": f"{OTHER_PARTY} name holder owner type inhaber kontoinhaber innehavare balance currency label"
    " bezeichnung auftraggeberbank bank kontotyp kontoart title status opening opened",
    "amount": "balance saldo solde fee fees gebühr gebühren kosten charge charges commission avgift tax"
    " vat moms mwst limit original ursprünglich ursprungsbetrag foreign exchange rate kurs"
    " interest cashback tip discount minimum maximum previous count currency type code old new",
    "money_in": "card limit balance type name score account note notes line rating",
    "money_out": "card limit balance type name account note notes mandate",
    "time": "due expiry expires birth opened opening closing valid until statement zone",
    "currency": "original foreign rate name exchange",
    "direction": "card name",
    "balance": "old previous opening starting before available initial limit currency dest",
    "transaction_id": "account customer client merchant device type card parent original",
    "category": "account card",
}


# Beginnings of words that do the same, in languages that build one word of several or inflect them.
_OTHER_PARTY = (
    r"gegen(?:konto|partei)|mot(?:konto|part)|mod(?:konto|part)|mottag|modtag|mottak|vastat|vastap|empf[äa]ng|zahlungspfl"
    r"|zahlungsempf|begünst|beguenst|begunst|b[ée]n[ée]fici|tiers\b|tegen|kontrah|odbior|nadawc|zleceniod|gavėj|mokėtoj"
    r"|saaj|maksj|maksaj|saņēm|maksāt|protiúč|protistr|příjemc|plátc|kedvezm|ellensz|ordonn|ordenante|destin|alıcı"
    r"|till?\b|primatelj|primaoc|получат|отправит|контрагент"
)
_ORIGINAL = (
    r"(?:d.)?or[iy]g|urspr|oprind|opprinn|alkuper|pradin|algne|algse|pierwot|původn|eredeti|oorspronk|sākotn|foreign|fremd"
    r"|vreemd|étrang|extranj|ester[aeo]\b|utländ|utenl|udenl|ulkom|zagran|užsien|zahrani|исходн"
)
_OF_MONEY: tuple[Meaning, ...] = ("amount", "money_in", "money_out", "currency", "balance")
_SPOILING_STEMS: dict[Meaning, re.Pattern[str]] = {
    "account": re.compile(rf"(?i)\b(?:{_OTHER_PARTY})"),
    **dict.fromkeys(_OF_MONEY, re.compile(rf"(?i)\b(?:{_ORIGINAL})")),
}
_FEE_OR_RATE = re.compile(
    r"(?i)\b(?:fees?|charges?|commis|comis|gebühr|gebyr|spesen|kosten|frais|avgift|prowizj|opłat|palvelumaks|teenustas"
    r"|mokest|rate|fx|.*kurss?\w*|cours|koers|wisselk|taux|tipo de cambio|cambio|câmbio|kurzy?)\b|(?i:gebühr|avgift)"
)
# What may stand beside money in and money out: "Bedrag af", "Beløp inn".
_SUMS = frozenset(
    "amount amt betrag belopp bedrag beløb beløp montant importe importo valor summa määrä kwota suma tutar iznos"
    " összeg сумма transaction transactions euro euros movement sum".split()
)


def folded(name: str) -> str:
    """A name without case, marks and the words' boundaries in it: "TransactionID" is "transaction id"."""
    spaced = re.sub(r"(?<=[^\W\d_A-Z])(?=[A-ZÅÄÖÜØÆ])", " ", name)
    return " ".join(_without_case(re.sub(r"[\W_]+", " ", spaced)).split())


def squeezed(name: str) -> str:
    """A name without anything but its letters and digits, so that no way to set words apart matters."""
    return _without_case(re.sub(r"[\W_]+", "", name))


def _without_case(text: str) -> str:
    """Small letters; the Turkish ones with and without a dot are one, because capitals do not tell them apart."""
    return text.casefold().replace("ı", "i").replace("i\u0307", "i")


@cache
def _known() -> dict[Meaning, dict[str, int]]:
    """Meaning → each of its names, squeezed → its rank."""
    return {
        meaning: {squeezed(name): rank for rank, name in reversed(list(enumerate(text.split("|"))))}
        for meaning, text in NAMES.items()
    }


@cache
def _inner() -> dict[Meaning, list[tuple[frozenset[str], int]]]:
    """Meaning → the words of each name that may be a part of a longer one."""
    return {
        meaning: [(frozenset(folded(name).split()), rank) for rank, name in enumerate(text.split("|")) if len(name) > 3]
        for meaning, text in NAMES.items()
    }


@cache
def _spoiling() -> dict[Meaning, frozenset[str]]:
    return {meaning: frozenset(text.split()) for meaning, text in _SPOILING.items()}


def _forms(name: str) -> tuple[str, ...]:
    """The name; without what stands in brackets; and without a year, a currency or a number at its end."""
    bare = re.sub(r"[(\[{][^)\]}]*[)\]}]", " ", name)
    words = bare.split()
    while len(words) > 1 and re.fullmatch(r"\d+|[A-Z]{3}|in|[€$£]", words[-1]):
        words.pop()
    return name, bare, " ".join(words)


@lru_cache(maxsize=20_000)
def rank_of(meaning: Meaning, name: str) -> int | None:
    """How well the name fits, 0 best; from PART on where it is known as a part only. None if it is not."""
    known = _known()[meaning]
    name = name[:COLUMN_NAME_MAX]  # what is longer is cut when it becomes a column's name
    for form in _forms(name):
        if (rank := known.get(squeezed(form))) is not None:
            return rank
    parts = set(folded(name).split())
    if parts & _spoiling().get(meaning, frozenset()):
        return None
    if (stems := _SPOILING_STEMS.get(meaning)) is not None and stems.search(name):
        return None
    if meaning in ("money_in", "money_out") and parts & _SUMS:
        for form in _forms(name):
            rest = known.get("".join(word for word in folded(form).split() if word not in _SUMS))
            if rest is not None:
                return rest
    inside = [rank for words, rank in _inner()[meaning] if words <= parts]
    return PART + inside[0] if inside else None


def is_other_money(name: str) -> bool:
    """Whether it is called a fee, a rate, or an amount before its conversion: numbers, but not what was paid."""
    return is_original(name) or bool(_FEE_OR_RATE.search(name))


def is_original(name: str) -> bool:
    """Whether it is of an amount before its conversion, in another currency than the account's."""
    return bool(_SPOILING_STEMS["currency"].search(name))


@lru_cache(maxsize=20_000)
def is_known(name: str) -> bool:
    """Whether some meaning has this name, as a whole."""
    forms = [squeezed(form) for form in _forms(name[:COLUMN_NAME_MAX])]
    return any(form in known for known in _known().values() for form in forms)
