"""The report's page: one HTML file that opens without a network.

`page_data` turns rows into plain data, `render` puts them into `page.html` with the style, the
scripts of `js` and the plotting library. Each file in `js/views` is a view, which it hands to
``view({...})``; the file is the registration.
"""

from scripts._page.data import page_data as page_data
from scripts._page.render import render as render
