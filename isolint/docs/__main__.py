"""`python -m isolint.docs`."""

import sys

from isolint.docs import main

if __name__ == "__main__":
    sys.exit(main())
