"""Everything a plugin author runs: suites to subclass, records good and hostile, the data-quality report."""
