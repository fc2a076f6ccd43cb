"""What a call of a language model costs. Pure: no Django, no database, integers and decimals only."""
