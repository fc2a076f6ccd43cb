"""What programs define: the same fields, checks and words as files that `manage.py apply` reads."""
