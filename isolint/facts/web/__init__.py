"""Web applications: how they are put together, and how tests drive them."""
