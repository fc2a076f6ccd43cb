"""What labels decide: which alert is which, which ones match, which one explains another."""
