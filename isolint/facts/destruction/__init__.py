"""What tests destroy, in stores and on disk."""
