"""What a run of the benchmarks has measured, as figures, tables and charts."""
