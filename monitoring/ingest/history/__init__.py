"""History out of files: rows become items, and go the way of everything that is sent to ingest."""
