"""AWS on this computer, for demo, tests and benchmarks: the engine, the Lambda service, processes."""

__all__ = ["child", "engine", "keeping", "lambda_service", "local_lambda", "pipeline"]
