"""OTLP/HTTP on the way in: traces and logs, in protobuf and in JSON, to the same inbox as everything else."""
