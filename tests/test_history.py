"""The address of asv's pages, as pages of a report see them."""

from __future__ import annotations

import pytest

from scripts._common.history import pages_from
from scripts._common.project import ROOT


@pytest.mark.parametrize("folder", ["reports", "reports/monday", "elsewhere/a b"])
def test_the_address_leads_from_the_folder_to_asvs_pages(folder):
    found = (ROOT / folder / pages_from(ROOT / folder)).resolve()
    assert found == ROOT / ".asv" / "html" / "index.html"
    assert pages_from(ROOT / folder).startswith("../")
