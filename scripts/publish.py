"""Write asv's own pages of the results; they need no network.

Plain `asv publish` writes the same pages, of commits alone. This command also shows the results of
uncommitted files, if those were measured last.
"""

from __future__ import annotations

from scripts._common.cli import make_parser
from scripts._common.project import ROOT, STATE
from scripts._common.signals import run_stoppable
from scripts._measured import driver
from scripts._measured.results import list_results

_EXAMPLES = """examples:
  python -m scripts.publish
  asv preview                     prints the address to open
"""


def main() -> int:
    """Publish, and print where the pages are."""
    make_parser("publish", __doc__, _EXAMPLES).parse_args()
    config = STATE / "publish.conf.json"
    driver.write_config(config)
    for line in driver.publish(config, tree=list_results()[0].source.commit):
        print(line)
    folder = (STATE / "html").relative_to(ROOT)
    print(f"Pages in {folder}. To look at them: .venv/bin/asv preview")
    return 0


if __name__ == "__main__":
    run_stoppable(main, "The pages are not complete.")
