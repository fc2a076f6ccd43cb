"""Which attribute of which dialect says what: the one table, read by the readers, by the tests and by docs/api/dialects.md.

Within a field, the first row that says something counts; rows below it that say something else are left over.

    name                  an attribute (of a log record: an attribute of it)
    name > a.0.b          what lies at a path inside an attribute that is an object, or JSON of one
    name.*                numbered attributes `name.0.…`, put together as a list
    event:NAME            that span events of this name were seen: when the first was
    event:NAME.* > key    an attribute of numbered events `NAME.0`, …, put together as a list
    event:NAME > key      an attribute of span events of this name, of the first that has it; of those that tell one message
                          each (gen_ai.user.message stands for those of all roles), of all in their order
    body > key            inside the body of a log record

A name without a dot says what it says only in its own dialect: anybody may call an attribute `model`.
"""

from monitoring.llm.dialects.alias import Alias, rows
from monitoring.llm.dialects.aliases_of_contents import CONTENTS
from monitoring.llm.dialects.aliases_of_counts import COUNTS

# Where an answer of OpenAI's Responses or Chat, or one of Anthropic, says why it ended.
ENDINGS = ("incomplete_details.reason", "choices.0.finish_reason", "stop_reason", "status")
# Where LangChain's answer keeps what the provider said of it, and which attributes hold such an answer.
LANGCHAIN = "generations.0.0.message.kwargs.response_metadata"
HOLD_LANGCHAIN = ("openinference output.value", "langsmith gen_ai.completion")
OF_ENDINGS = ("finish_reason", "incomplete_details.reason", "stop_reason", "status")
LANGCHAIN_ENDINGS = ("generations.0.0.generation_info.finish_reason", *(f"{LANGCHAIN}.{name}" for name in OF_ENDINGS))
# The same as MLflow writes it down.
IN_MLFLOW = "mlflow mlflow.spanOutputs > generations.0.0.message.response_metadata"
ALIASES: tuple[Alias, ...] = (
    *rows(
        "kind",
        "openinference openinference.span.kind",
        "langfuse langfuse.observation.type",
        "mlflow mlflow.spanType",
        "vercel ai.operationId",
        "openllmetry traceloop.span.kind",
        "langsmith langsmith.span.kind",
        "genai gen_ai.operation.name",
        "openllmetry llm.request.type",
    ),
    *rows("encoding", "openinference input.mime_type", "openinference output.mime_type", "logfire logfire.json_schema"),
    *rows(
        "provider",
        "genai gen_ai.provider.name",
        "genai gen_ai.system",
        "openinference llm.provider",
        "mlflow mlflow.llm.provider",
        "langfuse langfuse.observation.metadata.ls_provider",
        "openinference llm.system",
        "openllmetry llm.vendor",
        "logfire request_data > provider",
        "vercel ai.model.provider",
    ),
    *rows("host", "genai server.address", "openllmetry gen_ai.openai.api_base", "litellm hidden_params.api_base"),
    *rows(
        "request_model",
        "mlflow model",
        "genai gen_ai.request.model",
        "openinference llm.request.model_name",
        "openinference llm.invocation_parameters > model",
        "openinference llm.invocation_parameters > model_name",
        "openinference input.value > model",
        "logfire request_data > model",
        "mlflow mlflow.spanInputs > model",
        "mlflow mlflow.spanInputs > modelId",
        "langfuse langfuse.observation.metadata.ls_model_name",
        "mlflow invocation_params > model",
        "openllmetry llm.request.model",
        "vercel ai.model.id",
    ),
    *rows(
        "response_model",
        "genai gen_ai.response.model",
        "openinference llm.response.model_name",
        "openinference output.value > model",
        "openinference output.value > model_version",
        *(f"{holder} > llm_output.model_name" for holder in HOLD_LANGCHAIN),
        "openinference output.value > generations.0.0.generation_info.model_name",
        *(f"{holder} > {LANGCHAIN}.model_name" for holder in HOLD_LANGCHAIN),
        "mlflow mlflow.spanOutputs > model",
        "mlflow mlflow.spanOutputs > model_version",
        f"{IN_MLFLOW}.model_name",
        "mlflow mlflow.spanOutputs > body.model",
        "mlflow mlflow.llm.model",
        "vercel ai.response.model",
        "langfuse langfuse.observation.model.name",
        "openllmetry llm.response.model",
        "openinference llm.model_name",
    ),
    *rows(
        "response_id",
        "genai gen_ai.response.id",
        "openinference llm.response.id",
        "openinference output.value > id",
        "openinference output.value > response_id",
        *(f"{holder} > llm_output.id" for holder in HOLD_LANGCHAIN),
        *(f"{holder} > {LANGCHAIN}.id" for holder in HOLD_LANGCHAIN),
        "mlflow mlflow.spanOutputs > id",
        "mlflow mlflow.spanOutputs > response_id",
        f"{IN_MLFLOW}.id",
        "mlflow mlflow.spanOutputs > body.id",
        "logfire response_data > id",
        "langfuse langfuse.observation.metadata.id",
        "vercel ai.response.id",
    ),
    *rows(
        "finish_reason",
        "genai gen_ai.response.finish_reasons",
        "openinference llm.finish_reason",
        "genai gen_ai.response.finish_reason",
        "openllmetry gen_ai.completion.0.finish_reason",
        "openllmetry llm.response.finish_reason",
        "openllmetry llm.response.stop_reason",
        "anthropic anthropic.message.stop_reason",
        *(f"openinference output.value > {path}" for path in ENDINGS),
        *(f"{holder} > {path}" for path in LANGCHAIN_ENDINGS for holder in HOLD_LANGCHAIN),
        *(f"mlflow mlflow.spanOutputs > {path}" for path in ENDINGS),
        *(f"{IN_MLFLOW}.{name}" for name in OF_ENDINGS),
        "mlflow mlflow.spanOutputs > stopReason",
        "mlflow mlflow.spanOutputs > body.stop_reason",
        "langfuse langfuse.observation.metadata.finish_reason",
        "langfuse langfuse.observation.output > status",
        "langfuse langfuse.observation.metadata.status",
        "logfire response_data > finish_reason",
        "vercel ai.response.finishReason",
    ),
    *rows(
        "ttft_s",
        "genai gen_ai.response.time_to_first_chunk",
        "genai gen_ai.client.operation.time_to_first_chunk",
        "genai gen_ai.server.time_to_first_token",
    ),
    *rows("ttft_ms", "vercel ai.response.msToFirstChunk"),
    *rows("first_token_at", "langfuse langfuse.observation.completion_start_time"),
    *rows(
        "first_token",
        "openllmetry event:gen_ai.content.completion.chunk",
        "openllmetry event:llm.content.completion.chunk",
        "openinference event:First Token Stream Event",
        "mlflow event:mlflow.chunk.item.0",
    ),
    *rows("duration_s", "logfire duration"),
    *rows("error_type", "genai error.type", "genai event:exception > exception.type", "genai exception.type"),
    *rows("level", "langfuse langfuse.observation.level"),
    *rows(
        "level_message",
        "langfuse langfuse.observation.status_message",
        "genai event:exception > exception.message",
    ),
    *rows(
        "cost_usd",
        "openinference llm.cost.total",
        "langfuse langfuse.observation.cost_details > total",
        "mlflow mlflow.llm.cost > total_cost",
        "litellm gen_ai.cost.total_cost",
        "genai gen_ai.usage.cost",
        "logfire operation.cost",
    ),
    *rows(
        "prompt_name",
        "genai gen_ai.prompt.name",
        "langfuse langfuse.observation.prompt.name",
        "openllmetry traceloop.prompt.key",
        "openllmetry traceloop.association.properties.prompt_name",
    ),
    *rows(
        "prompt_version",
        "genai gen_ai.prompt.version",
        "langfuse langfuse.observation.prompt.version",
        "openinference llm.prompt_template.version",
        "openllmetry traceloop.prompt.version",
    ),
    *rows(
        "user_id",
        "genai user.id",
        "genai enduser.id",
        "genai user_id",
        "openllmetry gen_ai.user",
        "openllmetry llm.user",
        "openlit gen_ai.request.user",
        "openllmetry traceloop.association.properties.user_id",
        "langfuse langfuse.user.id",
        "langfuse langfuse.observation.metadata.langfuse_user_id",
        "openinference llm.invocation_parameters > user",
        "openinference input.value > user",
        "openinference metadata > user_id",
        "langsmith langsmith.metadata.user_id",
        "mlflow mlflow.trace.user",
        "mlflow mlflow.spanInputs > user",
        "mlflow user",
        "logfire request_data > user",
        "litellm metadata.user_api_key_end_user_id",
        "litellm metadata.user_api_key_user_id",
        "vercel ai.telemetry.metadata.userId",
    ),
    *rows(
        "session_id",
        "genai session.id",
        "genai gen_ai.conversation.id",
        "genai session_id",
        "openllmetry traceloop.association.properties.session_id",
        "langfuse langfuse.session.id",
        "langfuse langfuse.observation.metadata.langfuse_session_id",
        *(f"langsmith langsmith.metadata.{name}" for name in ("session_id", "thread_id", "conversation_id")),
        *(f"mlflow metadata > {name}" for name in ("session_id", "thread_id")),
        "mlflow mlflow.trace.session",
        "vercel ai.telemetry.metadata.sessionId",
    ),
    *rows(
        "request_id",
        "genai request.id",
        "genai request_id",
        "genai http.request.id",
        "genai http.request.header.x-request-id",
    ),
    *rows("version", "langfuse langfuse.version", "langfuse langfuse.release"),
    *rows("environment", "langfuse langfuse.environment"),
    *CONTENTS,
    *COUNTS,
)
