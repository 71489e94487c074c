"""The second model: anonymised card transactions V1…V28 and Amount, as in the public creditcard.csv."""
