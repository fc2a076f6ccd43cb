"""What answers of the API share across rooms and files: edges take it from below, so that none imports another."""
