"""What expressions stand for: values, followed through names, calls, objects and libraries."""
