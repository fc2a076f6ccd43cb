"""OpenTelemetry set up as its own documentation does it, exporting to the recorder."""

import importlib
from contextlib import suppress

from opentelemetry import trace
from opentelemetry._logs import set_logger_provider
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

RESOURCE = Resource({"service.name": "captures", "service.version": "1.2.3", "deployment.environment.name": "test"})


def start() -> tuple[TracerProvider, LoggerProvider]:
    """Global providers of traces and logs; shut both down at the end."""
    tracers, loggers = TracerProvider(resource=RESOURCE), LoggerProvider(resource=RESOURCE)
    tracers.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    loggers.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter()))
    trace.set_tracer_provider(tracers)
    set_logger_provider(loggers)
    with suppress(ImportError):  # events had a provider of their own
        importlib.import_module("opentelemetry._events").set_event_logger_provider(
            importlib.import_module("opentelemetry.sdk._events").EventLoggerProvider(loggers)
        )
    return tracers, loggers


def stop(tracers: TracerProvider, loggers: LoggerProvider) -> None:
    """Send what is left: logs first, as it happens with batches."""
    loggers.shutdown()
    tracers.shutdown()
