"""`python3 -m emotalk_core.cli`."""

import sys

from . import main

sys.exit(main())
