"""How banks of thirteen languages name columns, directions and totals, and what they write into rows."""

from dataclasses import dataclass

Names = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Language:
    """Words of one language. `directions`: pairs of money in and money out, as one column tells them."""

    name: str
    currencies: Names
    encodings: Names
    date: Names
    value_date: Names
    clock: Names
    text: Names
    counterparty: Names
    counter_account: Names
    account: Names
    amount: Names
    currency: Names
    balance: Names
    credit_debit: tuple[tuple[str, str], ...]
    direction: Names
    directions: tuple[tuple[str, str], ...]
    reference: Names
    fee: Names
    rate: Names
    original_amount: str
    original_currency: str
    odd_balance: str
    opening: str
    closing: str
    total: str
    period: str
    printed: str
    texts: Names
    people: Names


LATIN = ("utf-8", "utf-8-sig", "cp1252", "iso8859-1", "iso8859-15", "utf-16")
NORDIC = (*LATIN, "cp850")

LANGUAGES = (
    Language(
        "English", ("GBP", "USD", "EUR"), LATIN,
        ("Date", "Transaction Date", "Posting Date", "Booking date"), ("Value Date", "Value date"), ("Time",),
        ("Description", "Details", "Narrative", "Transaction Description", "Memo"), ("Payee", "Counterparty", "Name"),
        ("Counterparty account", "Payee account number"), ("Account Number", "Account", "IBAN"),
        ("Amount", "Transaction Amount"), ("Currency",), ("Balance", "Running Balance", "Account balance"),
        (("Credit", "Debit"), ("Money In", "Money Out"), ("Paid in", "Paid out"), ("Deposits", "Withdrawals"),
         ("Credit Amount", "Debit Amount")),
        ("Type", "Debit/Credit", "Dr/Cr", "Credit or Debit"),
        (("Credit", "Debit"), ("CR", "DR"), ("C", "D"), ("CREDIT", "DEBIT"), ("CRDT", "DBIT"), ("In", "Out")),
        ("Reference", "Transaction ID", "Cheque Number"), ("Fee", "Charges"), ("Exchange Rate", "FX rate"),
        "Original Amount", "Original Currency", "Position", "Opening balance", "Closing balance", "Total",
        "Statement period", "Printed",
        ("CARD PAYMENT GREENGROCER", "Standing order rent", "Refund of order 4711", "Salary March", "ATM London Rd",
         "Café & Bar"),
        ("J Smith", "Acme Ltd", "Zoë O'Neil", "Northern Power plc"),
    ),
    Language(
        "Dutch", ("EUR",), LATIN,
        ("Datum", "Boekdatum", "Transactiedatum"), ("Valutadatum", "Rentedatum"), ("Tijd",),
        ("Omschrijving", "Mededelingen", "Mededeling"), ("Naam tegenpartij", "Naam", "Begunstigde"),
        ("Tegenrekening", "Rekening tegenpartij"), ("Rekening", "Rekeningnummer", "IBAN"), ("Bedrag", "Transactiebedrag"),
        ("Munt", "Valuta"), ("Saldo", "Saldo na mutatie", "Boeksaldo"),
        (("Credit", "Debet"), ("Bij", "Af"), ("Bedrag bij", "Bedrag af"), ("Ontvangsten", "Uitgaven")),
        ("Af Bij", "Debet/Credit", "CreditDebet", "Bij/Af"),
        (("Bij", "Af"), ("Credit", "Debet"), ("C", "D"), ("bij", "af")),
        ("Volgnr", "Referentie", "Transactiereferentie"), ("Kosten",), ("Wisselkoers", "Koers"),
        "Oorspronkelijk bedrag", "Oorspronkelijke valuta", "Stand", "Beginsaldo", "Eindsaldo", "Totaal", "Periode",
        "Afgedrukt op",
        ("Betaling boodschappen", "Huur maart", "Terugbetaling", "Salaris", "Geldautomaat Utrecht", "Patiënten Steunfonds"),
        ("J. de Vries", "Bakker & Zn", "Van Loon BV", "Café de Brug"),
    ),
    Language(
        "German", ("EUR", "CHF"), LATIN,
        ("Buchungstag", "Buchungsdatum", "Datum"), ("Valuta", "Wertstellung", "Valutadatum"), ("Uhrzeit",),
        ("Verwendungszweck", "Buchungstext", "Beschreibung"),
        ("Auftraggeber / Begünstigter", "Zahlungsempfänger", "Beguenstigter/Zahlungspflichtiger"),
        ("IBAN Gegenkonto", "Gegenkonto"), ("Auftragskonto", "Konto", "Kontonummer"), ("Betrag", "Umsatz"),
        ("Währung", "Waehrung"), ("Saldo", "Kontostand", "Saldo nach Buchung"),
        (("Haben", "Soll"), ("Gutschrift", "Belastung"), ("Gutschriften", "Lastschriften"), ("Eingang", "Ausgang")),
        ("Soll/Haben", "S/H", "Art", "Umsatzart"),
        (("Haben", "Soll"), ("H", "S"), ("Gutschrift", "Lastschrift"), ("Gutschrift", "Belastung"),
         ("Eingang", "Ausgang")),
        ("Kundenreferenz", "Referenz", "Belegnummer"), ("Gebühr", "Spesen"), ("Wechselkurs", "Kurs"),
        "Originalbetrag", "Originalwährung", "Bestand", "Anfangssaldo", "Endsaldo", "Summe", "Zeitraum", "Erstellt am",
        ("Miete März", "Lebensmittel Müller", "Gehalt", "Rückerstattung Straßenbahn", "Geldautomat Köln", "Strom Öko"),
        ("Jürgen Groß", "Bäckerei Weiß", "Stadtwerke GmbH", "A. Schmidt"),
    ),
    Language(
        "French", ("EUR", "CHF"), LATIN,
        ("Date", "Date de comptabilisation", "Date opération", "Date d'opération"), ("Date de valeur", "Date valeur"),
        ("Heure",), ("Libellé", "Libellé opération", "Description", "Motif"), ("Bénéficiaire", "Nom du tiers"),
        ("Compte du tiers", "IBAN bénéficiaire"), ("Compte", "Numéro de compte"), ("Montant", "Montant de l'opération"),
        ("Devise",), ("Solde", "Solde comptable"),
        (("Crédit", "Débit"), ("Crédit euros", "Débit euros"), ("Recettes", "Dépenses"), ("Entrées", "Sorties")),
        ("Sens", "Débit/Crédit"), (("Crédit", "Débit"), ("C", "D"), ("CREDIT", "DEBIT")),
        ("Référence", "Numéro de pièce"), ("Frais", "Commission"), ("Taux de change", "Cours"),
        "Montant d'origine", "Devise d'origine", "Position", "Solde initial", "Solde final", "Total", "Période", "Édité le",
        ("Carte boulangerie", "Loyer mars", "Remboursement Sécu", "Salaire", "Retrait Orléans", "Électricité"),
        ("François Léger", "Épicerie du Marché", "SARL Dupont", "Hélène Noël"),
    ),
    Language(
        "Spanish", ("EUR",), LATIN,
        ("Fecha", "Fecha operación", "F. Operación", "Fecha contable"), ("Fecha valor", "F. Valor"), ("Hora",),
        ("Concepto", "Descripción", "Movimiento"), ("Beneficiario", "Ordenante"), ("Cuenta del beneficiario",),
        ("Cuenta", "Número de cuenta"), ("Importe", "Importe movimiento"), ("Divisa", "Moneda"), ("Saldo", "Saldo contable"),
        (("Abono", "Cargo"), ("Haber", "Debe"), ("Ingresos", "Gastos"), ("Depósitos", "Retiros")),
        ("Signo", "Debe/Haber", "Tipo"), (("Abono", "Cargo"), ("Haber", "Debe"), ("Ingreso", "Gasto"), ("H", "D")),
        ("Referencia", "Nº apunte"), ("Comisión",), ("Tipo de cambio",), "Importe original", "Divisa original", "Posición",
        "Saldo inicial", "Saldo final", "Total", "Periodo", "Emitido el",
        ("Compra panadería", "Alquiler marzo", "Devolución", "Nómina", "Cajero Málaga", "Recibo teléfono"),
        ("José Muñoz", "Panadería Ibáñez", "Gas y Luz SA", "María Peña"),
    ),
    Language(
        "Swedish", ("SEK",), NORDIC,
        ("Bokföringsdag", "Datum", "Bokföringsdatum", "Transaktionsdatum"), ("Valutadag", "Valutadatum"), ("Tid",),
        ("Text", "Beskrivning", "Meddelande", "Rubrik"), ("Mottagare", "Namn", "Motpart"), ("Mottagarkonto", "Motkonto"),
        ("Konto", "Kontonummer"), ("Belopp",), ("Valuta",), ("Saldo", "Bokfört saldo"),
        (("Insättning", "Uttag"), ("Insättningar", "Uttag"), ("Kredit", "Debet"), ("In", "Ut")),
        ("Typ", "Debet/Kredit", "In/Ut"), (("Insättning", "Uttag"), ("Kredit", "Debet"), ("In", "Ut"), ("K", "D")),
        ("Referens", "Verifikationsnummer"), ("Avgift",), ("Växelkurs", "Kurs"), "Ursprungligt belopp", "Ursprunglig valuta",
        "Ställning", "Ingående saldo", "Utgående saldo", "Summa", "Period", "Utskrivet",
        ("Hyra mars", "Återköp skor", "Lön", "Kortköp Göteborg", "Överföring", "Elräkning"),
        ("Åsa Öberg", "Fåhraeus Åkeri", "Kött & Fågel AB", "Per Ek"),
    ),
    Language(
        "Norwegian", ("NOK",), NORDIC,
        ("Dato", "Bokføringsdato", "Bokført dato", "Utført dato"), ("Rentedato", "Valuteringsdato"), ("Klokkeslett",),
        ("Forklaring", "Beskrivelse", "Tekst"), ("Mottaker", "Navn"), ("Til konto", "Motkonto"), ("Konto", "Kontonummer"),
        ("Beløp",), ("Valuta",), ("Saldo",),
        (("Inn på konto", "Ut fra konto"), ("Inn", "Ut"), ("Beløp inn", "Beløp ut"), ("Kredit", "Debet")),
        ("Retning", "Type"), (("Inn", "Ut"), ("Kredit", "Debet"), ("K", "D")), ("Referanse", "Arkivref"), ("Gebyr",),
        ("Valutakurs", "Kurs"), "Opprinnelig beløp", "Opprinnelig valuta", "Beholdning", "Inngående saldo",
        "Utgående saldo", "Sum", "Periode", "Skrevet ut",
        ("Husleie mars", "Varekjøp Tromsø", "Lønn", "Overføring", "Strøm", "Tilbakeføring"),
        ("Bjørn Ås", "Rørlegger Sæther", "Kiosken AS", "Kåre Næss"),
    ),
    Language(
        "Danish", ("DKK",), NORDIC,
        ("Dato", "Bogføringsdato", "Bogført", "Bogføringsdag"), ("Valørdato", "Rentedato"), ("Klokkeslæt",),
        ("Tekst", "Beskrivelse", "Posteringstekst"), ("Modtager", "Navn"), ("Modtagerkonto", "Modkonto"),
        ("Konto", "Kontonummer"), ("Beløb",), ("Valuta",), ("Saldo",),
        (("Indsat", "Hævet"), ("Kredit", "Debet"), ("Ind", "Ud"), ("Indtægt", "Udgift")),
        ("Type", "Debet/Kredit"), (("Ind", "Ud"), ("Kredit", "Debet"), ("K", "D"), ("Indsat", "Hævet")),
        ("Reference", "Arkivnr"), ("Gebyr",), ("Valutakurs", "Kurs"), "Oprindeligt beløb", "Oprindelig valuta", "Beholdning",
        "Primosaldo", "Ultimosaldo", "I alt", "Periode", "Udskrevet",
        ("Husleje marts", "Dankort-køb Århus", "Løn", "Overførsel", "Tilbageførsel", "Rejsekort"),
        ("Søren Kjær", "Bageren på Hjørnet", "Ærø Færge A/S", "Mette Ågård"),
    ),
    Language(
        "Finnish", ("EUR",), NORDIC,
        ("Kirjauspäivä", "Päivämäärä", "Maksupäivä", "Pvm"), ("Arvopäivä",), ("Kellonaika",),
        ("Viesti", "Selitys", "Tapahtuma"), ("Saaja/Maksaja", "Saajan nimi", "Saaja"), ("Saajan tilinumero", "Vastatili"),
        ("Tili", "Tilinumero"), ("Määrä", "Summa", "Määrä EUROA"), ("Valuutta",), ("Saldo",),
        (("Panot", "Otot"), ("Pano", "Otto"), ("Tulot", "Menot")), ("Pano/Otto", "Tapahtumalaji"),
        (("Pano", "Otto"), ("PANO", "OTTO"), ("Tulo", "Meno")), ("Viite", "Arkistointitunnus"), ("Palvelumaksu",),
        ("Vaihtokurssi", "Kurssi"), "Alkuperäinen määrä", "Alkuperäinen valuutta", "Varat", "Alkusaldo", "Loppusaldo",
        "Yhteensä", "Ajanjakso", "Tulostettu",
        ("Vuokra maaliskuu", "Korttiosto Jyväskylä", "Palkka", "Hyvitys", "Käteisnosto", "Sähkölasku"),
        ("Päivi Mäkelä", "Leipomo Äijälä", "Lähikauppa Oy", "Yrjö Öhman"),
    ),
    Language(
        "Polish", ("PLN",), ("utf-8", "utf-8-sig", "cp1250", "iso8859-2", "utf-16"),
        ("Data operacji", "Data transakcji", "Data księgowania"), ("Data waluty",), ("Godzina",),
        ("Tytuł", "Opis operacji", "Opis transakcji"), ("Nadawca/Odbiorca", "Odbiorca"),
        ("Numer rachunku kontrahenta", "Rachunek odbiorcy"), ("Rachunek", "Numer rachunku"), ("Kwota", "Kwota operacji"),
        ("Waluta",), ("Saldo po operacji", "Saldo"),
        (("Uznania", "Obciążenia"), ("Wpływy", "Wydatki"), ("Uznanie", "Obciążenie")), ("Typ", "Strona"),
        (("Uznanie", "Obciążenie"), ("UZNANIE", "OBCIĄŻENIE"), ("Wpływ", "Wydatek")),
        ("Numer referencyjny", "Nr transakcji"), ("Prowizja", "Opłata"), ("Kurs",), "Kwota oryginalna",
        "Waluta oryginalna", "Stan", "Saldo początkowe", "Saldo końcowe", "Suma", "Okres", "Wygenerowano",
        ("Czynsz marzec", "Zakup kartą Łódź", "Wynagrodzenie", "Zwrot zamówienia", "Bankomat Gdańsk", "Prąd"),
        ("Łukasz Żak", "Piekarnia Śląska", "Usługi Sp. z o.o.", "Zofia Wójcik"),
    ),
    Language(
        "Estonian", ("EUR",), ("utf-8", "utf-8-sig", "cp1257", "iso8859-1", "utf-16"),
        ("Kuupäev",), ("Väärtuspäev",), ("Kellaaeg",), ("Selgitus",), ("Saaja/Maksja", "Saaja/maksja nimi"),
        ("Saaja/maksja konto",), ("Kliendi konto", "Konto"), ("Summa",), ("Valuuta",), ("Saldo", "Jääk"),
        (("Kreedit", "Deebet"), ("Laekumine", "Väljaminek")), ("Deebet/Kreedit (D/C)", "Deebet/Kreedit"),
        (("C", "D"), ("K", "D"), ("Kreedit", "Deebet")), ("Viitenumber", "Arhiveerimistunnus"), ("Teenustasu",), ("Kurss",),
        "Algne summa", "Algne valuuta", "Seis", "Algsaldo", "Lõppsaldo", "Kokku", "Periood", "Väljastatud",
        ("Üür märts", "Kaardiost Pärnu", "Palk", "Tagasimakse", "Sularaha", "Elektriarve"),
        ("Jüri Mägi", "Pagar OÜ", "Tõnu Õunapuu", "Kauplus AS"),
    ),
    Language(
        "Lithuanian", ("EUR",), ("utf-8", "utf-8-sig", "cp1257", "utf-16"),
        ("Data", "Operacijos data"), ("Valiutavimo data",), ("Laikas",), ("Paskirtis", "Paaiškinimai"),
        ("Gavėjas", "Mokėtojas/Gavėjas"), ("Gavėjo sąskaita",), ("Sąskaita", "Sąskaitos Nr."), ("Suma",), ("Valiuta",),
        ("Likutis",), (("Kreditas", "Debetas"), ("Pajamos", "Išlaidos")), ("D/K", "Debetas/Kreditas"),
        (("K", "D"), ("C", "D"), ("Kreditas", "Debetas")), ("Įrašo Nr.", "Nuoroda"), ("Mokestis",), ("Kursas",),
        "Pradinė suma", "Pradinė valiuta", "Būklė", "Likutis pradžioje", "Likutis pabaigoje", "Apyvarta", "Laikotarpis",
        "Suformuota",
        ("Nuoma kovas", "Pirkinys Šiauliai", "Atlyginimas", "Grąžinimas", "Bankomatas", "Elektra"),
        ("Žilvinas Čėsna", "Kepykla UAB", "Rūta Šimkė", "Parduotuvė"),
    ),
    Language(
        "Italian", ("EUR", "CHF"), LATIN,
        ("Data contabile", "Data operazione", "Data"), ("Data valuta",), ("Ora",), ("Descrizione", "Causale"),
        ("Beneficiario", "Controparte"), ("IBAN beneficiario",), ("Conto", "Numero conto"), ("Importo",), ("Divisa", "Valuta"),
        ("Saldo", "Saldo contabile"), (("Avere", "Dare"), ("Entrate", "Uscite"), ("Accrediti", "Addebiti")),
        ("Segno", "Dare/Avere"), (("Avere", "Dare"), ("Entrata", "Uscita"), ("A", "D"), ("Accredito", "Addebito")),
        ("Riferimento", "CRO"), ("Commissione",), ("Cambio",), "Importo originale", "Divisa originale", "Giacenza",
        "Saldo iniziale", "Saldo finale", "Totale", "Periodo", "Stampato il",
        ("Affitto marzo", "Spesa alimentari", "Stipendio", "Rimborso", "Prelievo Forlì", "Bolletta elettricità"),
        ("Nicolò Rossi", "Panificio Sarà", "Luce e Gas SpA", "M. Bianchi"),
    ),
    Language(
        "Portuguese", ("EUR", "BRL"), LATIN,
        ("Data movimento", "Data lançamento", "Data"), ("Data valor",), ("Hora",), ("Descrição", "Histórico"),
        ("Beneficiário",), ("Conta do beneficiário",), ("Conta", "Número da conta"), ("Valor", "Montante", "Importância"),
        ("Moeda",), ("Saldo", "Saldo contabilístico"), (("Crédito", "Débito"), ("Entradas", "Saídas")),
        ("Tipo", "D/C"), (("Crédito", "Débito"), ("C", "D"), ("CRÉDITO", "DÉBITO")), ("Referência", "Documento"),
        ("Comissão",), ("Câmbio",), "Montante original", "Moeda original", "Posição", "Saldo inicial", "Saldo final",
        "Total", "Período", "Emitido em",
        ("Renda março", "Compra padaria", "Salário", "Devolução", "Levantamento Évora", "Eletricidade"),
        ("João Gonçalves", "Padaria São José", "Águas SA", "Inês Conceição"),
    ),
)  # fmt: skip
