# ruff: noqa: E501
"""Invented rows of exports, as in samples.py: spain."""

from tests.analysis.extract.known_exports.sample import Sample

SPAIN: dict[str, Sample] = {
    "CaixaBank, CSV": Sample(
        ";", "Fecha|Fecha valor|Movimiento|Más datos|Importe|Saldo",
        ["05/03/2026|07/03/2026|Taller|Alquiler|1.121,16|6.729,54", "03/03/2026|03/03/2026|Panadería|Recibo|-43,50|5.608,38"],
        [("1121.16", "2026-03-05", None, "EUR", "Taller"), ("-43.5", "2026-03-03", None, "EUR", "Panadería")], above="Movimientos de la cuenta ES00;;;;;\nImportes expresados en euros;;;;;",
    ),
    "Santander Spain and Bankinter, CSV and Excel": Sample(
        ";", "Fecha operación|Fecha valor|Concepto|Importe|Saldo",
        ["08/03/2026|09/03/2026|PAGO PANADERIA|-116,76|2.345,67", "07/03/2026|07/03/2026|NOMINA TALLER|1.500,00|2.462,43"],
        [("-116.76", "2026-03-08", None, "EUR", None), ("1500", "2026-03-07", None, "EUR", None)],
    ),
    "Santander Spain, CSV with the currency in the header": Sample(
        ";", "FECHA OPERACIÓN|FECHA VALOR|CONCEPTO|IMPORTE EUR|SALDO",
        ["08/03/2026|09/03/2026|PAGO PANADERIA|-116,76|2.345,67", "07/03/2026|07/03/2026|NOMINA TALLER|1.500,00|2.462,43"],
        [("-116.76", "2026-03-08", None, "EUR", None), ("1500", "2026-03-07", None, "EUR", None)],
    ),
    "BBVA Spain, Excel and CSV": Sample(
        ";", "F.Valor|Fecha|Concepto|Movimiento|Importe|Divisa|Disponible",
        ["04/03/2026|05/03/2026|Panadería|Pago con tarjeta|-16.41|EUR|24800.46", "02/03/2026|02/03/2026|Taller|Transferencia|1500|EUR|24816.87"],
        [("-16.41", "2026-03-05", None, "EUR", "Panadería"), ("1500", "2026-03-02", None, "EUR", "Taller")],
    ),
    "BBVA Spain, CSV with the booking date first": Sample(
        ";", "Fecha|F.Valor|Concepto|Movimiento|Importe|Divisa|Disponible",
        ["05/03/2026|04/03/2026|Panadería|Pago con tarjeta|-16.41|EUR|24800.46", "02/03/2026|02/03/2026|Taller|Transferencia|1500|EUR|24816.87"],
        [("-16.41", "2026-03-05", None, "EUR", "Panadería"), ("1500", "2026-03-02", None, "EUR", "Taller")],
    ),
    "ING Spain, Excel and CSV": Sample(
        ";", "F. VALOR|CATEGORÍA|SUBCATEGORÍA|DESCRIPCIÓN|IMPORTE (€)|SALDO (€)",
        ["07/03/2026|Otros gastos|ONG|Recibo PANADERIA|-30,00|638,89", "06/03/2026|Nómina|Nómina|TALLER|1.251,90|668,89"],
        [("-30", "2026-03-07", None, "EUR", None), ("1251.9", "2026-03-06", None, "EUR", None)],
    ),
}  # fmt: skip
