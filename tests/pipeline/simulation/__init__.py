"""A seeded simulation of the durability order: the real pipeline against scripted stores that fail in every way."""
