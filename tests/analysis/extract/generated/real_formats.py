"""Real exports of banks outside the table of known ones: columns as publicly described, every row invented.

The descriptions are those of importers and budgeting tools that read these exports, and of the banks' own help pages.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tests.analysis.extract.generated.bank_file import MINOR, BankFile, TruthRow


@dataclass(frozen=True, slots=True)
class RealFormat:
    """`rows`: line, amount, day,"
    " and the currency if each row names it. `value_days`: other days that a row may bear."""

    bank: str
    text: str
    rows: tuple[tuple[int, str, str, str], ...]
    encoding: str = "utf-8"
    account: str | None = ""
    needs_currency: bool = False
    value_days: tuple[str, ...] = ()

    @property
    def file(self) -> BankFile:
        return BankFile(
            name="export.csv",
            data=self.text.encode(self.encoding),
            rows=tuple(self._row(*row) for row in self.rows),
            lines=len(self.text.splitlines()),
            characters=frozenset(self.text),
            needs_currency=self.needs_currency,
        )

    def _row(self, line: int, amount: str, day: str, currency: str) -> TruthRow:
        return TruthRow(
            line=line,
            last_line=line,
            amount=int(Decimal(amount) * MINOR),
            days=tuple(date.fromisoformat(one) for one in (day, *self.value_days)),
            currency=currency or None,
            account=self.account,
        )


PACIFIC = (
    RealFormat(
        "ASB, New Zealand",
        "Created date / time : 24 June 2026 / 21:48:21\n"
        "Bank 12; Branch 3099; Account 0000000-50 (Streamline)\n"
        "From date 20260401\n"
        "To date 20260624\n"
        "Avail Bal : 1020.00 as of 20260624\n"
        "Ledger Balance : 1020.00 as of 20260624\n"
        "Date,Unique Id,Tran Type,Cheque Number,Payee,Memo,Amount\n"
        "\n"
        '2026/04/18,2026041801,D/C,,"D/C FROM A MADEUP","Rent share",1300.00\n'
        '2026/04/19,2026041901,TFR OUT,,"MB TRANSFER","TO CARD 0000",-1300.00\n'
        '2026/05/22,2026052201,EFTPOS,,"CORNER DAIRY","CARD 0000",-14.50\n',
        ((9, "1300", "2026-04-18", ""), (10, "-1300", "2026-04-19", ""), (11, "-14.50", "2026-05-22", "")),
    ),
    RealFormat(
        "ANZ, New Zealand",
        "Type,Details,Particulars,Code,Reference,Amount,Date,ForeignCurrencyAmount,ConversionCharge\n"
        "Visa Purchase,Corner Dairy,,,,-45.20,03/08/2026,,\n"
        'Direct Credit,Madeup Ltd,Salary,,Aug,"3,500.00",15/08/2026,,\n'
        "Visa Purchase,Book Shop Sydney,,,,-33.10,19/08/2026,AUD 30.00,0.80\n",
        ((2, "-45.20", "2026-08-03", ""), (3, "3500", "2026-08-15", ""), (4, "-33.10", "2026-08-19", "")),
    ),
    RealFormat(
        "Kiwibank, New Zealand",
        "Account number,Date,Memo/Description,Source Code (payment type),TP ref,TP part,TP code,OP ref,"
        "OP part,OP code,"
        "OP name,OP Bank Account Number,Amount (credit),Amount (debit),Amount,Balance\n"
        "38-0000-0000000-00,14-09-2026,MADEUP ENERGY ;,DIRECT DEBIT,,,,,,,Madeup Energy,,,182.40,-182.40,"
        "817.60\n"
        "38-0000-0000000-00,15-09-2026,WAGES ;,DIRECT CREDIT,,,,,,,Works Ltd,00-0000-0000000-01,900.00,,"
        "900.00,1717.60\n"
        "38-0000-0000000-00,30-09-2026,INTEREST EARNED ;,,,,,,,,,,0.25,,0.25,1717.85\n",
        ((2, "-182.40", "2026-09-14", ""), (3, "900", "2026-09-15", ""), (4, "0.25", "2026-09-30", "")),
        account="38-0000-0000000-00",
    ),
    RealFormat(
        "Westpac, Australia",
        "Bank Account,Date,Narrative,Debit Amount,Credit Amount,Balance,Categories,Serial\n"
        "000000000001,23/06/2026,MADEUP UTILITY BILL,130.05,,2000.00,UTILITIES,\n"
        "000000000001,24/06/2026,SALARY CREDIT,,3200.00,5200.00,DEP,\n"
        "000000000001,25/06/2026,GROCER,45.20,,5154.80,GROCERIES,\n",
        ((2, "-130.05", "2026-06-23", ""), (3, "3200", "2026-06-24", ""), (4, "-45.20", "2026-06-25", "")),
        account="000000000001",
    ),
    RealFormat(
        "NAB, Australia",
        "Date,Amount,Account Number,,Transaction Type,Transaction Details,Balance,Category,Merchant Name\n"
        "28 Apr 26,40,000000001, ,INTER-BANK CREDIT,A Madeup,190,Transfers in,\n"
        "29 Mar 26,-20.5,000000001, ,MISCELLANEOUS DEBIT,V0000 BOOK SHOP,150,Shopping,Book Shop\n"
        "25 Mar 26,30,000000001, ,INTEREST PAID,Interest,170.5,Interest\n",
        ((2, "40", "2026-04-28", ""), (3, "-20.5", "2026-03-29", ""), (4, "30", "2026-03-25", "")),
        account="000000001",
    ),
    RealFormat(
        "Commonwealth Bank, Australia (no header)",
        '22/06/2026,"-9.50","MADEUP COFFEE SHOP Sydney","+918.10"\n'
        '21/06/2026,"-18.90","MADEUP TRANSPORT CO","+927.60"\n'
        '20/06/2026,"+500.00","Direct Credit WAGES","+946.50"\n'
        '19/06/2026,"-53.50","GROCER 1234","+446.50"\n',
        (
            (1, "-9.50", "2026-06-22", ""),
            (2, "-18.90", "2026-06-21", ""),
            (3, "500", "2026-06-20", ""),
            (4, "-53.50", "2026-06-19", ""),
        ),
    ),
)

AMERICAS = (
    RealFormat(
        "RBC, Canada",
        '"Account Type","Account Number","Transaction Date","Cheque Number","Description 1","Description 2",'
        '"CAD$","USD$"\n'
        'Chequing,00000-0000001,9/3/2026,,"MADEUP STATIONERY","GATINEAU QC",-137.97,\n'
        'Chequing,00000-0000001,9/15/2026,,"PAYROLL DEPOSIT",,2500.00,\n'
        'Chequing,00000-0000001,9/16/2026,,"COFFEE",,-4.25,\n',
        ((2, "-137.97", "2026-09-03", "CAD"), (3, "2500", "2026-09-15", "CAD"), (4, "-4.25", "2026-09-16", "CAD")),
        account="00000-0000001",
    ),
    RealFormat(
        "RBC, Canada, with a row in US dollars",
        '"Account Type","Account Number","Transaction Date","Cheque Number","Description 1","Description 2",'
        '"CAD$","USD$"\n'
        'Chequing,00000-0000001,9/3/2026,,"MADEUP STATIONERY","GATINEAU QC",-137.97,\n'
        'USD Savings,00000-0000002,9/17/2026,,"WIRE IN",,,300.00\n'
        'Chequing,00000-0000001,9/18/2026,,"COFFEE",,-4.25,\n',
        ((2, "-137.97", "2026-09-03", "CAD"), (3, "300", "2026-09-17", "USD"), (4, "-4.25", "2026-09-18", "CAD")),
        account=None,  # two of them
    ),
    RealFormat(
        "Tangerine, Canada",
        "Transaction date,Transaction,Name,Memo,Amount\n"
        "6/10/2026,DEBIT,Book Shop VANCOUVER BC,Rewards earned: 0.78 ~ Category: Shopping,-39.2\n"
        "6/16/2026,CREDIT,EFT Deposit from MADEUP CORP,,3100\n"
        "6/17/2026,DEBIT,Coffee,Rewards earned: 0.08 ~ Category: Restaurant,-4.05\n",
        ((2, "-39.2", "2026-06-10", ""), (3, "3100", "2026-06-16", ""), (4, "-4.05", "2026-06-17", "")),
    ),
    RealFormat(
        "TD, Canada (no header)",
        "09/03/2026,MADEUP GROCER,45.20,,1154.80\n"
        "09/14/2026,PAYROLL,,1500.00,2654.80\n"
        "09/15/2026,COFFEE SHOP,4.80,,2650.00\n"
        "09/21/2026,RENT,900.00,,1750.00\n",
        (
            (1, "-45.20", "2026-09-03", ""),
            (2, "1500", "2026-09-14", ""),
            (3, "-4.80", "2026-09-15", ""),
            (4, "-900", "2026-09-21", ""),
        ),
    ),
    RealFormat(
        "Nubank, Brazil",
        "Data,Valor,Identificador,Descrição\n"
        "01/03/2026,-50.00,65e1f0aa-0000-4000-8000-000000000001,Compra no débito - PADARIA INVENTADA\n"
        "02/03/2026,-200.00,65e1f0aa-0000-4000-8000-000000000002,Aplicação RDB\n"
        "25/03/2026,1000.00,65e1f0aa-0000-4000-8000-000000000003,Transferência recebida pelo Pix - FULANA\n",
        ((2, "-50", "2026-03-01", ""), (3, "-200", "2026-03-02", ""), (4, "1000", "2026-03-25", "")),
    ),
    RealFormat(
        "Banco Inter, Brazil",
        "Extrato Conta Corrente\n"
        "Conta ;00000000\n"
        "Período ;19/08/2026 a 17/09/2026\n"
        "Saldo ;1.436,61\n"
        "\n"
        "Data Lançamento;Histórico;Descrição;Valor;Saldo\n"
        "30/08/2026;Pix enviado;FULANO INVENTADO;-250,00;1.742,51\n"
        "30/08/2026;Pix recebido;BELTRANA;1.250,00;2.992,51\n"
        "02/09/2026;Pagamento efetuado;CINEMA;-55,90;2.936,61\n",
        ((7, "-250", "2026-08-30", ""), (8, "1250", "2026-08-30", ""), (9, "-55.90", "2026-09-02", "")),
    ),
    RealFormat(
        "BBVA, Mexico",
        "FECHA,DESCRIPCIÓN,CARGO,ABONO,SALDO,REFERENCIA\n"
        '15/09/2026,SPEI RECIBIDO,,"15,000.00","15,000.00",0012345678\n'
        '16/09/2026,TIENDA INVENTADA,"1,500.00",,"13,500.00",0012345679\n'
        "17/09/2026,COMISIÓN,35.00,,13465.00,0012345680\n",
        ((2, "15000", "2026-09-15", ""), (3, "-1500", "2026-09-16", ""), (4, "-35", "2026-09-17", "")),
    ),
)

EUROPE = (
    RealFormat(
        "Fio, Czechia",
        '"accountId";"2900000001"\n"bankId";"2010"\n"currency";"CZK"\n"iban";"CZ0000000000000000000000"\n'
        '"bic";"FIOBCZPPXXX"\n'
        '"openingBalance";"10000,00"\n"closingBalance";"34724,10"\n"dateStart";"01.09.2026"\n"dateEnd";'
        '"30.09.2026"\n\n'
        '"ID operace";"Datum";"Objem";"Měna";"Protiúčet";"Název protiúčtu";"Kód banky";"Název banky";"KS";'
        '"VS";"SS";'
        '"Poznámka";"Zpráva pro příjemce";"Typ"\n'
        '"26000000001";"01.09.2026";"25000,00";"CZK";"000000-0000000123";"Vymyšlená s.r.o.";"0100";"Banka";'
        '"0308";"2026001";'
        '"";"Mzda";"Mzda srpen";"Příjem převodem uvnitř banky"\n'
        '"26000000002";"15.09.2026";"-275,90";"CZK";"";"";"";"";"";"1234";"";"Nákup";"";"Platba kartou"\n',
        ((12, "25000", "2026-09-01", "CZK"), (13, "-275.90", "2026-09-15", "CZK")),
        encoding="utf-8-sig",
        needs_currency=True,
    ),
    RealFormat(
        "Raiffeisenbank, Czechia (two columns of one name)",
        "Datum provedení;Datum zaúčtování;Číslo účtu;Název účtu;Kategorie transakce;Číslo protiúčtu;"
        "Název protiúčtu;Typ transakce;"
        "Zpráva;Poznámka;VS;KS;SS;Zaúčtovaná částka;Měna účtu;Původní částka a měna;Původní částka a měna;"
        "Poplatek;Id transakce\n"
        '"31.08.2026";"31.08.2026";"1/5500";"Účet";"Platba";"2/0100";"Smyšlený obchod";"Trvalý příkaz";"";'
        '"nájem";"";"";"";'
        '"-10 000,00";"CZK";"";"";"0,00";"4000000001"\n'
        '"02.09.2026";"03.09.2026";"1/5500";"Účet";"Karetní operace";"";"Kavárna Berlin";"Platba kartou";"";'
        '"";"";"";"";'
        '"-125,50";"CZK";"-5,00";"EUR";"0,00";"4000000002"\n'
        '"14.09.2026";"14.09.2026";"1/5500";"Účet";"Platba";"3/0300";"Zaměstnavatel";"Příchozí úhrada";'
        '"mzda";"";"";"";"";'
        '"42 300,00";"CZK";"";"";"0,00";"4000000003"\n',
        ((2, "-10000", "2026-08-31", "CZK"), (3, "-125.50", "2026-09-02", "CZK"), (4, "42300", "2026-09-14", "CZK")),
        encoding="cp1250",
        account="1/5500",
        needs_currency=True,
        value_days=("2026-09-03",),
    ),
    RealFormat(
        "Banco BPM, Italy",
        "Ragione Sociale;Data contabile;Data valuta;Banca;Rapporto;Importo;Divisa;Descrizione;"
        "Categoria/sottocategoria;Hashtag\n"
        "INVENTATA SRL;29/12/2026;29/12/2026;05034 - BANCO BPM S.P.A.;0000 - 00000 - 000000000001;10460;EUR;"
        "VERS. CONTANTI;"
        "Ricavi - Deposito contanti;\n"
        "INVENTATA SRL;22/12/2026;22/12/2026;05034 - BANCO BPM S.P.A.;0000 - 00000 - 000000000001;-632,5;"
        "EUR;BONIFICO;"
        "Costi - Fornitori;\n"
        "INVENTATA SRL;21/12/2026;21/12/2026;05034 - BANCO BPM S.P.A.;0000 - 00000 - 000000000001;-1,15;EUR;"
        "COMMISSIONI;;\n",
        ((2, "10460", "2026-12-29", "EUR"), (3, "-632.5", "2026-12-22", "EUR"), (4, "-1.15", "2026-12-21", "EUR")),
        account="0000-00000-000000000001",
        needs_currency=True,
    ),
    RealFormat(
        "Mediobanca Premier, Italy",
        "Data contabile;Data valuta;Tipologia;Entrate;Uscite;Divisa\n"
        "13/08/2026;13/08/2026;Pagamento POS;;-7,40;EUR\n"
        "14/08/2026;14/08/2026;Bonifico in entrata;1.210,00;;EUR\n"
        "17/08/2026;17/08/2026;Addebito diretto;;-35,25;EUR\n",
        ((2, "-7.40", "2026-08-13", "EUR"), (3, "1210", "2026-08-14", "EUR"), (4, "-35.25", "2026-08-17", "EUR")),
        needs_currency=True,
    ),
    RealFormat(
        "Caixa Geral de Depósitos, Portugal",
        "Consultar saldos e movimentos à ordem - 30-07-2026\n\nConta ;0000000000000 - EUR - Conta à ordem\n"
        "Data de início ;01-07-2026\nData de fim ;30-07-2026\n\n"
        "Data mov. ;Data valor ;Descrição ;Débito ;Crédito ;Saldo contabilístico ;Saldo disponível ;"
        "Categoria ;\n"
        "14-07-2026;14-07-2026;COMPRA MERCEARIA;1.234,56;;2.000,00;2.000,00;Compras;\n"
        "13-07-2026;13-07-2026;TRANSFERENCIA INVENTADA;;345,67;3.234,56;3.234,56;Diversos;\n"
        "10-07-2026;10-07-2026;LEVANTAMENTO;40,00;;2.888,89;2.888,89;Levantamentos;\n"
        " ; ; ; ;Saldo contabilístico;2.000,00 EUR; ; ;\n",
        ((8, "-1234.56", "2026-07-14", ""), (9, "345.67", "2026-07-13", ""), (10, "-40", "2026-07-10", "")),
        encoding="iso8859-1",
    ),
    RealFormat(
        "Millennium bcp, Portugal",
        "Saldos e movimentos\n\nConta;0000000000\nMoeda;EUR\n\n"
        "Data de lançamento;Data valor;Descrição;Rede;Montante\n"
        "18-08-2026;18-08-2026;COMPRA ELECTRICIDADE INVENTADA;MB;-69,61\n"
        "19-08-2026;19-08-2026;TRF. P/O EMPREGADOR;;1876,94\n"
        "20-08-2026;20-08-2026;LEV. ATM;MB;-36,22\n",
        ((7, "-69.61", "2026-08-18", "EUR"), (8, "1876.94", "2026-08-19", "EUR"), (9, "-36.22", "2026-08-20", "EUR")),
        encoding="utf-16",
    ),
    RealFormat(
        "Banca Transilvania, Romania",
        "Cod IBAN:,RO00BTRL0000000000000000\nTitular:,INVENTAT ION\nPerioada:,01.03.2026 - 31.03.2026\n"
        "Gasit/e:,3\n\n"
        "Data tranzactie,Data valuta,Descriere,Referinta tranzactiei,Debit,Credit,Sold contabil\n"
        '2026-03-03,2026-03-03,"Plata la POS;MAGAZIN INVENTAT",000POS0001,-45.00,,"1,955.00"\n'
        '2026-03-14,2026-03-14,"Incasare;SALARIU",000ECIT001,,"3,200.00","5,155.00"\n'
        '2026-03-15,2026-03-15,"Comision",000CHRG001,-2.50,,"5,152.50"\n',
        ((7, "-45", "2026-03-03", ""), (8, "3200", "2026-03-14", ""), (9, "-2.50", "2026-03-15", "")),
        account="RO00BTRL0000000000000000",
    ),
    RealFormat(
        "K&H, Hungary",
        "könyvelés dátuma\ttranzakció azonosító \ttípus\tkönyvelési számla\tkönyvelési számla elnevezése\t"
        "partner számla\t"
        "partner elnevezése\tösszeg\tösszeg devizaneme\tközlemény\n"
        "2026.03.25\tKH0000001\tKártyás vásárlás\t10400000-00000001-00000000\tKIS PÉTER\t\tKITALÁLT BOLT\t"
        "-4 590\tHUF\tvásárlás\n"
        "2026.03.24\tKH0000002\tÁtutalás\t10400000-00000001-00000000\tKIS PÉTER\t11700000-00000002\t"
        "MUNKÁLTATÓ KFT\t450 000\tHUF\tbér\n"
        "2026.03.23\tKH0000003\tDíj\t10400000-00000001-00000000\tKIS PÉTER\t\t\t-312\tHUF\thavi díj\n",
        ((2, "-4590", "2026-03-25", "HUF"), (3, "450000", "2026-03-24", "HUF"), (4, "-312", "2026-03-23", "HUF")),
        account="10400000-00000001-00000000",
        needs_currency=True,
    ),
    RealFormat(
        "National Bank of Greece",
        "Ημερομηνία;Περιγραφή;Ποσό;Πρόσημο ποσού\n"
        "01/03/2026;ΜΕΤΑΦΟΡΑ ΕΝΟΙΚΙΟ;500,00;Χ\n"
        "13/03/2026;ΜΙΣΘΟΔΟΣΙΑ;1.350,00;Π\n"
        "14/03/2026;ΑΓΟΡΑ ΒΙΒΛΙΟΠΩΛΕΙΟ;42,30;Χ\n",
        ((2, "-500", "2026-03-01", ""), (3, "1350", "2026-03-13", ""), (4, "-42.30", "2026-03-14", "")),
        encoding="cp1253",
    ),
    RealFormat(
        "monobank, Ukraine",
        '"Дата i час операції","Деталі операції",MCC,"Сума в валюті картки (UAH)","Сума в валюті операції",'
        "Валюта,Курс,"
        '"Сума комісій (UAH)","Сума кешбеку (UAH)","Залишок після операції"\n'
        '"25.03.2026 14:31:02","Вигадана кав\'ярня",5814,-120.0,-120.0,UAH,—,—,—,4880.0\n'
        '"24.03.2026 09:10:00","Поповнення",4829,5000.0,5000.0,UAH,—,—,—,5000.0\n'
        '"23.03.2026 20:00:41","Book shop",5942,-845.5,-20.0,EUR,42.275,—,—,0.0\n',
        ((2, "-120", "2026-03-25", "UAH"), (3, "5000", "2026-03-24", "UAH"), (4, "-845.5", "2026-03-23", "UAH")),
    ),
    RealFormat(
        "T-Bank, Russia",
        '"Дата операции";"Дата платежа";"Номер карты";"Статус";"Сумма операции";"Валюта операции";'
        '"Сумма платежа";"Валюта платежа";'
        '"Кэшбэк";"Категория";"MCC";"Описание"\n'
        '"12.07.2026 20:06:27";"13.07.2026";"*0000";"OK";"-250,50";"RUB";"-250,50";"RUB";"";"Рестораны";'
        '"5812";"Кафе Выдумка"\n'
        '"11.07.2026 10:00:00";"11.07.2026";"*0000";"OK";"15000,00";"RUB";"15000,00";"RUB";"";"Пополнения";'
        '"";"Пополнение"\n'
        '"09.07.2026 09:00:00";"13.07.2026";"*0000";"OK";"-905,00";"RUB";"-905,00";"RUB";"";"Сервисы";"5734";'
        '"Cloud"\n',
        ((2, "-250.50", "2026-07-12", "RUB"), (3, "15000", "2026-07-11", "RUB"), (4, "-905", "2026-07-09", "RUB")),
        encoding="cp1251",
        needs_currency=True,
        value_days=("2026-07-13",),
    ),
    RealFormat(
        "Akbank, Turkey",
        "Tarih,Açıklama,Tutar,Bakiye\n"
        '24.07.2026,Havale KİRA,"-1.250,50","3.749,50"\n'
        '25.07.2026,Maaş,"20.000,00","23.749,50"\n'
        '26.07.2026,Market uydurma,"-99,90","23.649,60"\n',
        ((2, "-1250.50", "2026-07-24", ""), (3, "20000", "2026-07-25", ""), (4, "-99.90", "2026-07-26", "")),
        encoding="utf-8-sig",
    ),
)

ASIA_AND_AFRICA = (
    RealFormat(
        "DBS, Singapore",
        "Account Details For:,eMySavings Account 000-000000-0\nStatement as at:,30 Sep 2026\n"
        'Available Balance:,"5,123.45"\n\n'
        "Transaction Date,Reference,Debit Amount,Credit Amount,Transaction Ref1,Transaction Ref2,"
        "Transaction Ref3\n\n"
        "28 Sep 2026,POS, 4.20, ,KOPI MADEUP,SINGAPORE,\n"
        "27 Sep 2026,ICT, ,5000.00,MADEUP PTE LTD,SALARY,\n"
        "26 Sep 2026,UMC-S, 1234.56, ,CARD PAYMENT,DBS,\n",
        ((7, "-4.20", "2026-09-28", ""), (8, "5000", "2026-09-27", ""), (9, "-1234.56", "2026-09-26", "")),
    ),
    RealFormat(
        "OCBC, Singapore",
        "Account details for:,360 Account 000-000000-000\nAvailable Balance,1000.00\nLedger Balance,1000.00\n\n"
        "Transaction History\nTransaction date,Value date,Description,Withdrawals (SGD),Deposits (SGD)\n"
        "25/09/2026,25/09/2026,FAST PAYMENT,50.00,\n,,to Madeup Ann,,\n"
        '24/09/2026,24/09/2026,GIRO - SALARY,,"3,500.00"\n'
        "23/09/2026,23/09/2026,DEBIT PURCHASE,12.40,\n",
        ((7, "-50", "2026-09-25", "SGD"), (9, "3500", "2026-09-24", "SGD"), (10, "-12.40", "2026-09-23", "SGD")),
    ),
    RealFormat(
        "HSBC, Hong Kong",
        "Date,Description,Billing amount,Billing currency,Balance,Balance currency\n"
        '04/08/2026,REF MADEUP SEC,"-1,022.50",HKD,"20,545.39",HKD\n'
        '29/07/2026,CREDIT INTEREST,0.12,HKD,"21,567.89",HKD\n'
        '25/07/2026,SALARY,"15,000.00",HKD,"21,567.77",HKD\n',
        ((2, "-1022.50", "2026-08-04", "HKD"), (3, "0.12", "2026-07-29", "HKD"), (4, "15000", "2026-07-25", "HKD")),
        needs_currency=True,
    ),
    RealFormat(
        "Mox, Hong Kong",
        "Transaction date,Post date,Description,Billing amount,Billing currency,Merchant name,Credit / Debit\n"
        "2026-05-01,2026-05-02,CARD PURCHASE,88.00,HKD,Madeup Cafe,Debit\n"
        "2026-05-03,2026-05-03,REFUND,12.00,HKD,Madeup Cafe,Credit\n"
        "2026-05-14,2026-05-14,CARD PURCHASE,150.50,HKD,Book Shop,Debit\n",
        ((2, "-88", "2026-05-01", "HKD"), (3, "12", "2026-05-03", "HKD"), (4, "-150.50", "2026-05-14", "HKD")),
        needs_currency=True,
        value_days=("2026-05-02",),
    ),
    RealFormat(
        "MUFG, Japan",
        "日付,摘要,摘要内容,支払い金額,預かり金額,差引残高,メモ,未資金化区分,入払区分\n"
        '"2026/9/2","カード","架空商店","1,880","","98,120","","","支払い"\n'
        '"2026/9/15","給料","架空会社","","250,000","348,120","","","預かり"\n'
        '"2026/9/28","口座振替","架空電力","6,340","","341,780","","","支払い"\n',
        ((2, "-1880", "2026-09-02", ""), (3, "250000", "2026-09-15", ""), (4, "-6340", "2026-09-28", "")),
        encoding="cp932",
    ),
    RealFormat(
        "SMBC, Japan",
        "年月日,お引出し,お預入れ,お取り扱い内容,残高,メモ,ラベル\n"
        '2026/4/2,1480,,"V000000 架空道路",4600092,"",\n'
        '2026/4/10,,826,"振込 架空商会",4600918,"",\n'
        '2026/4/24,,359562,"給料振込 架空会社",4960480,"",\n',
        ((2, "-1480", "2026-04-02", ""), (3, "826", "2026-04-10", ""), (4, "359562", "2026-04-24", "")),
        encoding="cp932",
    ),
    RealFormat(
        "Capitec, South Africa",
        "Nr,Account,Posting Date,Transaction Date,Description,Original Description,Parent Category,Category,"
        "Money In,Money Out,"
        "Fee,Balance\n"
        "1,1000000000,2026-10-02,2026-10-02,Salary,Salary,Income,Salary,40000.00,,,40000.00\n"
        "2,1000000000,2026-10-03,2026-10-03,Madeup Stores,MADEUP STORES CAPE,Food,Groceries,,-850.00,,"
        "39150.00\n"
        "3,1000000000,2026-10-31,2026-10-31,Monthly Account Admin Fee,Monthly Account Admin Fee,Fees,Fees,,,"
        "-7.50,39142.50\n",
        ((2, "40000", "2026-10-02", ""), (3, "-850", "2026-10-03", ""), (4, "-7.50", "2026-10-31", "")),
        account="1000000000",
    ),
    RealFormat(
        "FNB, South Africa",
        "ACCOUNT TRANSACTION HISTORY\n\nName:, A, MADEUP\nAccount:, 62000000001, [FNB Account]\nBalance:,"
        " 5000.00, 4900.00\n\n"
        "Date, Amount, Balance, Description\n"
        "2026/09/25,-150.00,5000.00,POS PURCHASE GROCER\n"
        "2026/09/24,1500.00,5150.00,SALARY\n"
        "2026/09/23,-20.00,3650.00,AIRTIME TOPUP\n",
        ((8, "-150", "2026-09-25", ""), (9, "1500", "2026-09-24", ""), (10, "-20", "2026-09-23", "")),
        account="62000000001",
    ),
)

REAL_FORMATS = (*PACIFIC, *AMERICAS, *EUROPE, *ASIA_AND_AFRICA)
