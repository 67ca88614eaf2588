"""Files of a report: page, tables, pictures, data and an index of them."""
