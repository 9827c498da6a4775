"""Run the command line: `python -m mlsm`."""

import sys

from mlsm.cli.entry import main

if __name__ == "__main__":
    sys.exit(main())
