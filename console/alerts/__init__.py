"""Alertmanager: alerts, groups, silences, receivers."""
