"""What alerts cost the people who get them: counted from what is stored, by rule and by person, and what would help."""
