"""What clients of other makers say of a call of a language model, in our own terms. Pure: no Django, no database, no clock."""
