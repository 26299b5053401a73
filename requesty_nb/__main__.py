"""``python -m requesty_nb`` is the ``requesty-nb`` command."""

import sys

from requesty_nb.cli import main

sys.exit(main())
