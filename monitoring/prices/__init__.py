"""What a project pays: who changed it, and past calls priced again."""
