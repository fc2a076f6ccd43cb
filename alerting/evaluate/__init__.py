"""Rules asked their questions, slot by slot, and what follows from what they see."""
