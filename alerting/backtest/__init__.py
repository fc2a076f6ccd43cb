"""A rule asked of what is over, of written series, and of the days to come."""
