"""Prometheus: panels, series, rules, targets."""
