"""What Kiseki costs, measured: `make bench`.

A measurement is a module with a heading (`TITLE`), a text on how it is taken (its docstring), the
rows it fills (`ROWS`), and `measure()`, which gives the value of each row by name. Each runs in a
process of its own. Results are kept in `results.json`; `docs/benchmarks.md` is made of them.
"""
