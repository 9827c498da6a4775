"""What a store promises, check by check; `mlsm.testing.stores` gathers them."""
