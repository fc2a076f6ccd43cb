"""The registry for programs: one module per noun."""
