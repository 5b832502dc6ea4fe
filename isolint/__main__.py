"""`python -m isolint`."""

import sys

from isolint.cli import main

if __name__ == "__main__":
    sys.exit(main())
