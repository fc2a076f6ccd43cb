"""What happens to incidents, and what people do to them."""
