"""What is set, read, replaced and pinned before what."""
