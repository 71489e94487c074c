# ruff: noqa: E501
"""Invented rows of exports, as in samples.py: france."""

from tests.analysis.extract.known_exports.sample import Sample

FRANCE: dict[str, Sample] = {
    "BoursoBank (Boursorama), CSV": Sample(
        ";", "dateOp|label|supplierFound|amount|accountNum|accountbalance",
        ["2026-03-14|CARTE 13/03|fromagerie|-1 100,50|00012|37.29", "2026-03-02|VIR|atelier|266,00|00012|37.29"],
        [("-1100.5", "2026-03-14", "00012", "EUR", "fromagerie"), ("266", "2026-03-02", "00012", "EUR", "atelier")],
    ),
    "Crédit Agricole, CSV": Sample(
        ";", "Date|Libellé|Débit euros|Crédit euros",
        ["02/03/2026|CARTE BOULANGERIE|23,40|", "03/03/2026|VIR RECU ATELIER||1 098,00"],
        [("-23.4", "2026-03-02", None, "EUR", None), ("1098", "2026-03-03", None, "EUR", None)], above="Téléchargement du 05/03/2026;;;",
    ),
    "Banque Populaire and Caisse d'Epargne, CSV": Sample(
        ";", "Date de comptabilisation|Libelle simplifie|Categorie|Debit|Credit|Date operation|Date de valeur",
        ["02/03/2026|Boulangerie|Courses|-50,25||01/03/2026|02/03/2026", "03/03/2026|Atelier|Revenus||+1 800,00|03/03/2026|03/03/2026"],
        [("-50.25", "2026-03-02", None, "EUR", "Boulangerie"), ("1800", "2026-03-03", None, "EUR", "Atelier")],
    ),
    "Crédit Mutuel, CIC and Hello bank, CSV with debit and credit": Sample(
        ";", "Date|Date de valeur|Débit|Crédit|Libellé|Solde",
        ["02/03/2026|03/03/2026|-105,00||Boulangerie|745,00", "04/03/2026|04/03/2026||1 735,00|Atelier|2 480,00"],
        [("-105", "2026-03-02", None, "EUR", None), ("1735", "2026-03-04", None, "EUR", None)],
    ),
    "Crédit Mutuel and CIC, CSV with one amount": Sample(
        ";", "Date|Date de valeur|Montant|Libellé|Solde",
        ["02/03/2026|03/03/2026|-105,00|Boulangerie|745,00", "04/03/2026|04/03/2026|1 735,00|Atelier|2 480,00"],
        [("-105", "2026-03-02", None, "EUR", None), ("1735", "2026-03-04", None, "EUR", None)],
    ),
    "La Banque Postale, CSV and TSV": Sample(
        ";", "Date|Libellé|Montant(EUROS)",
        ["10/03/2026|PRELEVEMENT DE BOULANGERIE|-45,67", "09/03/2026|VIREMENT DE ATELIER|+1123,45"],
        [("-45.67", "2026-03-10", None, "EUR", None), ("1123.45", "2026-03-09", None, "EUR", None)], above="Numéro Compte ;1234567X020\nType ;CCP\nCompte tenu en ;euros\nDate ;12/03/2026\nSolde (EUROS) ;1234,56\n",
    ),
    "Société Générale current account, CSV": Sample(
        ";", "Date de l'opération|Libellé|Détail de l'écriture|Montant de l'opération|Devise",
        ["10/03/2026|Boulangerie|CARTE X0000|-4,20|EUR", "11/03/2026|Atelier|VIR RECU|1300,00|EUR"],
        [("-4.2", "2026-03-10", None, "EUR", "Boulangerie"), ("1300", "2026-03-11", None, "EUR", "Atelier")],
    ),
    "Société Générale savings account, CSV": Sample(
        ";", "date_comptabilisation|libellé_complet_operation|montant_operation|devise",
        ["10/03/2026|VIR EMIS|-33,98|EUR", "12/03/2026|VIR RECU|300,00|EUR"],
        [("-33.98", "2026-03-10", None, "EUR", None), ("300", "2026-03-12", None, "EUR", None)], above="=\"0000000000000001\";01/01/2026;30/09/2026;",
    ),
    "BNP Paribas France, CSV": Sample(
        ";", "Date operation|Libelle court|Type operation|Libelle operation|Montant operation en euro",
        ["02-03-2026|CB|PAIEMENT|Boulangerie|-12,34", "03-03-2026|VIR|VIREMENT|Atelier|1 000,00"],
        [("-12.34", "2026-03-02", None, "EUR", "CB"), ("1000", "2026-03-03", None, "EUR", "VIR")], above="Compte courant;Mon compte;****1234;10/03/2026;;1000,00\n",
    ),
    "Fortuneo, CSV": Sample(
        ";", "Date opération|Date valeur|libellé|Débit|Crédit",
        ["08/03/2026|09/03/2026|BOULANGERIE|-255,1|", "07/03/2026|07/03/2026|ATELIER||3350"],
        [("-255.1", "2026-03-08", None, "EUR", None), ("3350", "2026-03-07", None, "EUR", None)],
    ),
}  # fmt: skip
