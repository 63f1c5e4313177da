"""AWS on this computer, for demo, tests and benchmarks: the engine, the Lambda service, processes."""
