"""What the admin pages of every room are made of. Its fields are there before the first page is registered."""

from models_registry.admin_bases import fields as fields
