"""Values that other tools give for the same rows, made once in environments of their own."""
