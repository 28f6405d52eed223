"""The guardian's page."""
