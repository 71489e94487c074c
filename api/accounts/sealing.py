"""Encrypts what must be read again, such as TOTP secrets: AES-256-GCM under a key of its own from SECRET_KEY."""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from api.keyring import Keyring, key_id
from api.keys import derive

PURPOSE = "sealed-secrets"
KEY_ID_BYTES = 8  # says under which key, so that an older one is tried only where it counts
NONCE_BYTES = 12


class Sealer:
    """Seals under the current key; opens what an earlier one sealed while SECRET_KEY_PREVIOUS names it."""

    def __init__(self, keyring: Keyring) -> None:
        self._keys = {bytes.fromhex(key_id(each)): AESGCM(derive(each, PURPOSE)) for each in keyring.secrets}
        self._current = bytes.fromhex(key_id(keyring.current))

    def seal(self, secret: bytes, owner: str) -> bytes:
        """`owner` is whose it is: sealed for one it opens for nobody else."""
        nonce = os.urandom(NONCE_BYTES)
        return self._current + nonce + self._keys[self._current].encrypt(nonce, secret, owner.encode())

    def open(self, sealed: bytes, owner: str) -> bytes | None:
        """None if it was sealed for another, under a key that is gone, or was changed."""
        key = self._keys.get(sealed[:KEY_ID_BYTES])
        rest = sealed[KEY_ID_BYTES:]
        if key is None or len(rest) <= NONCE_BYTES:
            return None
        try:
            return key.decrypt(rest[:NONCE_BYTES], rest[NONCE_BYTES:], owner.encode())
        except InvalidTag:
            return None

    def is_current(self, sealed: bytes) -> bool:
        """Whether it needs no sealing again."""
        return sealed[:KEY_ID_BYTES] == self._current
