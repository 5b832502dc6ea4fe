"""What a project is: read with `ast`, frozen, linked on demand."""
