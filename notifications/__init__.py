"""Notifications: an application on the engine."""
