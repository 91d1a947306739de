"""YAML to typed settings with provenance, hot reload and JSON Schema; secrets."""
