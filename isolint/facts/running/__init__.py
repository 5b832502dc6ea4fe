"""What running a piece of code does: events in their order, and what each of them means."""
