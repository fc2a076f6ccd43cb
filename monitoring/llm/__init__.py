"""What calls of language models mean, cost and may do. Pure: no Django, no database."""
