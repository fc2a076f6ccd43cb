"""OTLP/HTTP on the way in: traces, logs and metrics, in protobuf and in JSON, to the same inbox as everything else."""
