"""What is asked of services, and what jobs say of themselves."""
