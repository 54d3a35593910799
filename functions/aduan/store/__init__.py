"""The one door to the table.

Each store speaks in the product's words and in named errors; `table` knows how the items lie.
"""
