"""A seeded world of payers, shops and fraudsters; see `world.simulate`.

Nothing here is kept in memory an account at a time: who somebody is, which phone they hold and where they are at a
moment are pure functions of (seed, account number, time). So a world of two thousand accounts for training and one of
half a million behind a live stream are the same code, and any part of either can be made on its own.
"""
