"""`manage.py up`: one supervisor, its children, no orphans."""
