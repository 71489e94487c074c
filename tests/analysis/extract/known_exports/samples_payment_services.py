# ruff: noqa: E501
"""Invented rows of exports, as in samples.py: payment services."""

from tests.analysis.extract.known_exports.sample import Sample

PAYMENT_SERVICES: dict[str, Sample] = {
    "PayPal activity, CSV": Sample(
        ",", "Date|Time|Name|Type|Status|Currency|Gross|Fee|Net|Transaction ID|Balance|Balance Impact",
        ["03/14/2026|10:00:00|Kites|Payment|Completed|EUR|100.00|-3.40|96.60|P1|96.60|Credit", "03/15/2026|10:00:00|Pier|Payment|Completed|EUR|-20.00|0.00|-20.00|P2|76.60|Debit", "03/16/2026|10:00:00|Inn|Account Hold|Completed|EUR|-10.00|0.00|-10.00|P3|76.60|Memo", "03/17/2026|10:00:00|Inn|Payment|Pending|EUR|-5.00|0.00|-5.00|P4|76.60|Debit"],
        [("96.6", "2026-03-14", None, "EUR", "Kites"), ("-20", "2026-03-15", None, "EUR", "Pier")], 2,
    ),
    "Revolut account statement, CSV": Sample(
        ",", "Type|Product|Started Date|Completed Date|Description|Amount|Fee|Currency|State|Balance",
        ["TOPUP|Current|2026-03-01 09:00:00|2026-03-01 09:00:05|Top-up|200.00|0.00|EUR|COMPLETED|200.00", "EXCHANGE|Current|2026-03-02 09:00:00|2026-03-02 09:00:05|To USD|-50.00|0.25|EUR|COMPLETED|149.75", "CARD_PAYMENT|Current|2026-03-03 09:00:00||Inn|-9.00|0.00|EUR|REVERTED|", "CARD_PAYMENT|Current|2026-03-04 09:00:00||Inn|-8.00|0.00|EUR|PENDING|"],
        [("200", "2026-03-01", "Current", "EUR", None), ("-50.25", "2026-03-02", "Current", "EUR", None)], 2,
    ),
    "Wise balance statement, CSV": Sample(
        ",", "TransferWise ID|Date|Amount|Currency|Running Balance|Payee Name|Total fees",
        ["T1|04-03-2026|-20.00|EUR|480.00|Kites|0.50", "T2|03-03-2026|500.00|EUR|500.00||0.00"],
        [("-20", "2026-03-04", None, "EUR", "Kites"), ("500", "2026-03-03", None, "EUR", None)],
    ),
    "Stripe itemised balance change, CSV": Sample(
        ",", "balance_transaction_id|created_utc|currency|gross|fee|net|reporting_category",
        ["txn_1|2026-03-14 09:12:00|eur|45.91|0.94|44.97|charge", "txn_2|2026-03-15 09:12:00|eur|-19.00|0.00|-19.00|refund"],
        [("44.97", "2026-03-14", None, "EUR", None), ("-19", "2026-03-15", None, "EUR", None)],
    ),
    "Adyen settlement details, CSV": Sample(
        ",", "Merchant Account|Creation Date|Type|Gross Currency|Gross Credit (GC)|Net Currency|Net Debit (NC)|Net Credit (NC)",
        ["Shop|2026-03-14 09:00:00|Settled|GBP|40.00|GBP||39.20", "Shop|2026-03-15 23:00:00|MerchantPayout|GBP||GBP|39.20|"],
        [("39.2", "2026-03-14", "Shop", "GBP", None), ("-39.2", "2026-03-15", "Shop", "GBP", None)],
    ),
    "PayPal activity, CSV in German": Sample(
        ",", "Datum|Uhrzeit|Zeitzone|Name|Typ|Status|Währung|Brutto|Gebühr|Netto|Transaktionscode|Guthaben|Auswirkung auf Guthaben",
        ["14.03.2026|10:00:00|MEZ|Ahorn|Web Accept|Abgeschlossen|EUR|100,00|-3,40|96,60|P1|96,60|Haben", "15.03.2026|10:00:00|MEZ|Werft|Zahlung|Abgeschlossen|EUR|-20,00|0,00|-20,00|P2|76,60|Soll", "16.03.2026|10:00:00|MEZ|Kino|Autorisierung|Abgeschlossen|EUR|-10,00|0,00|-10,00|P3|76,60|Memo", "17.03.2026|10:00:00|MEZ|Kino|Zahlung|Ausstehend|EUR|-5,00|0,00|-5,00|P4|76,60|Soll"],
        [("96.6", "2026-03-14", None, "EUR", "Ahorn"), ("-20", "2026-03-15", None, "EUR", "Werft")], states=2,
    ),
    "PayPal statement, CSV in German": Sample(
        ",", "Datum|Uhrzeit|Zeitzone|Beschreibung|Währung|Brutto|Entgelt|Netto|Guthaben|Transaktionscode|Name",
        ["27.03.2026|11:54:55|Europe/Berlin|Express-Zahlung|EUR|-64,18|0,00|-64,18|-64,18|P1|Ahorn", "28.03.2026|12:09:12|Europe/Berlin|Handyzahlung|EUR|1.100,00|-3,50|1.096,50|1.032,32|P2|Werft"],
        [("-64.18", "2026-03-27", None, "EUR", "Ahorn"), ("1096.5", "2026-03-28", None, "EUR", "Werft")],
    ),
    "Revolut account statement, CSV in French": Sample(
        ",", "Type|Produit|Date de début|Date de fin|Description|Montant|Frais|Devise|État|Solde",
        ["Ajout de fonds|Actuel|2026-03-01 09:00:00|2026-03-01 09:00:05|Recharge|200.00|0.00|EUR|TERMINÉ|200.00", "Change|Actuel|2026-03-02 09:00:00|2026-03-02 09:00:05|Change en USD|-50.00|0.25|EUR|TERMINÉ|149.75", "Paiement|Actuel|2026-03-03 09:00:00||Cinéma|-9.00|0.00|EUR|EN ATTENTE|"],
        [("200", "2026-03-01", "Actuel", "EUR", None), ("-50.25", "2026-03-02", "Actuel", "EUR", None)], states=1,
    ),
    "Stripe balance history, CSV": Sample(
        ",", "id|Type|Source|Amount|Fee|Net|Currency|Created (UTC)|Available On (UTC)|Description",
        ["txn_1|charge|ch_1|120.00|3.78|116.22|usd|2026-03-01 14:03|2026-03-03 00:00|Kites", "txn_2|refund|re_1|-20.00|-0.50|-19.50|usd|2026-03-02 14:03|2026-03-04 00:00|Kites"],
        [("116.22", "2026-03-01", None, "USD", None), ("-19.5", "2026-03-02", None, "USD", None)],
    ),
}  # fmt: skip
