"""The results of a run of the benchmarks: figures, tables and charts."""
