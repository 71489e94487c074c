"""Lines within a table that are no rows: opening and closing balances, sums."""

import re
from collections.abc import Iterable

# What such a line is called. The first are never said of a payment; of the others, which may be a shop's name, only a
# line without a date is one.
_SURE = (
    r"(?:opening|closing|starting|ending|initial|final|begin(?:ning)?|end|start)"
    r"\s*(?:balance|bal|saldo|book balance|ledger balance)\b.{0,40}"
    r"|balance (?:at|as of|as at|on|of)?\s*(?:the )?(?:start|end|beginning|opening|closing|period)\b.{0,30}"
    r"|balance (?:brought|carried) (?:forward|down)|(?:brought|carried) (?:forward|down)|b/f|c/f|opening"
    r"|closing"
    r"|(?:tages|anfangs|end|schluss|eröffnungs|abschluss|alter|neuer|letzter|start)\s*-?\s*(?:saldo|kontostand|bestand)\b.{0,30}"
    r"|saldo (?:inicial|final|iniziale|finale|anterior|początkowe|końcowe|am|vom|per|neu|alt)\b.{0,30}"
    r"|(?:begin|eind|start)saldo|(?:nieuw|oud|vorig) saldo"
    r"|solde (?:initial|final|précédent|créditeur|débiteur)\b.{0,30}|(?:ancien|nouveau) solde\b.{0,30}"
    r"|(?:ingående|utgående|ingåande|inngående) (?:saldo|balans)\b.{0,30}|(?:primo|ultimo)\s*saldo|alkusaldo"
    r"|loppusaldo|algsaldo|lõppsaldo|algjääk|lõppjääk|käive|likutis (?:pradži|pabaig|laikotarpi)\w*\b.{0,30}|apyvarta"
    r"|(?:pradinis|galutinis) likutis"
    r"|sākuma atlikums|beigu atlikums|apgrozījums|(?:nyitó|záró)\s?egyenleg|(?:počáteční|konečný) zůstatek"
    r"|turnover"
)
_WITHOUT_DATE = (
    r"(?:previous|new|available|current|ledger) balance.{0,30}|(?:grand |sub)?totals?(?: .{0,30})?|sum|summe"
    r"|summa|suma|somme|totale?|totaal|gesamt(?:summe|betrag)?|saldo|balance|balance .{0,30}|kontostand.{0,30}"
    r"|yhteensä|kokku|iš viso|kopā|összesen|celkem|i alt|razem|solde(?: .{0,30})?|count|number of .{0,30}"
    r"|anzahl .{0,30}"
)
_SURE_LINE = re.compile(rf"(?i)(?:{_SURE})\W*")
_SUM_LINE = re.compile(rf"(?i)(?:{_WITHOUT_DATE})\W*")

# What every such line has in it somewhere: a quick look that passes over nearly all others.
HINT = (
    r"(?i)balan|saldo|solde|opening|closing|forward|b/f|c/f|total|sum|som|bestand|kontostand|primo|ultimo|jääk|käive"
    r"|likutis|apyvarta|atlikums|apgroz|egyenleg|zůstatek|turnover|yhteens|kokku|viso|kopā|összesen|celkem|i alt|razem"
    r"|count|number|anzahl|totaal|gesamt"
)


def is_total(cells: Iterable[str], *, has_date: bool) -> bool:
    """Whether a line with these cells is an opening or closing balance, or a sum."""
    texts = [" ".join(cell.split()) for cell in cells if cell.strip()]
    if any(_SURE_LINE.fullmatch(text) for text in texts):
        return True
    return not has_date and any(_SUM_LINE.fullmatch(text) for text in texts)
