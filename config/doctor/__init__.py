"""What `manage.py doctor` looks at: is everything there that the panel needs, does it move, and what mends it if not?"""
