"""The kinds of personal numbers, one module for each way of finding them. `aduan.masking` puts them together."""
