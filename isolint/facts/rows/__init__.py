"""What tests write into stores, how long it stays there, and what of it is the same in every run."""
