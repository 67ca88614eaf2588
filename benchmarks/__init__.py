"""The asv suite: every implementation over n_samples x n_features, and on real data.

Each module holds the benchmarks of one kind of data. A class per problem is made from its template,
so that a new problem needs no edit here. `_session` measures, `_plan` says what, and the benchmarks
read the values.

Settings are environment variables: ``GRADMARK_PRESET`` (quick, standard, full: which sizes run),
``GRADMARK_THREADS`` (all, or a number) and ``GRADMARK_PLUGINS`` (installed plug-ins to measure too,
``problem/name`` separated by blanks). ``GRADMARK_PATH`` holds folders to import from before all
others, since asv removes PYTHONPATH.
"""

import os
import sys

# Before `impls` is imported, which may be installed from elsewhere.
sys.path[:0] = filter(None, os.environ.get("GRADMARK_PATH", "").split(os.pathsep))

from benchmarks._parent import follow_asv  # noqa: E402

follow_asv()
