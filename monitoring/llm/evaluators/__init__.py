"""What can be told of an answer from its text alone, in microseconds and without asking anybody. Pure: no Django, no database."""
