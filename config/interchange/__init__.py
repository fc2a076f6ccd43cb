"""What is defined here in the words of other tools, and back: Prometheus' rule files, OpenSLO.

What comes in becomes a document of definitions, as `manage.py apply` reads it; what could not be said in it is told by name.
"""
