"""What Kiseki costs, measured: `make bench`.

A measurement is a module with a heading (`TITLE`), a text on how it is taken (its docstring), the
rows it fills (`ROWS`), and `measure()`, which gives the value of each row by name. Each runs in a
process of its own. Results are kept in `results.json`; `docs/benchmarks.md` is made of them.

`world` makes up a chain for the index, `reader` is the index as it is measured, `reading` takes the
figures of one world, and `index` those of a whole and a half one: `python -m benchmarks.index
--scale 0.01` for a small one, which keeps nothing in `results.json`.
"""
