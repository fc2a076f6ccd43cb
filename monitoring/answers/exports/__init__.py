"""What can be exported of this room; see `models_registry.exports`."""
