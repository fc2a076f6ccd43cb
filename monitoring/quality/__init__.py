"""How good answers are: by labels, by estimates until labels come, by evaluators."""
