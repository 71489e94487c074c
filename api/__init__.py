"""The gateway: authentication, alerts, the live feed, health, and the console page."""
