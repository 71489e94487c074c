"""The durability order, once, for both shells: fold, decide, apply, store, publish; repair and rebuild."""
