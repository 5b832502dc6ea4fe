"""The program as it is written: lowered syntax, names, modules and imports."""
