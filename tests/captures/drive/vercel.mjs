// The AI SDK of Vercel: with its package of OpenTelemetry where there is one (7 and later), else by its own telemetry (up to 6).
// The cases come as JSON in CAPTURES_CASES: [{name, api, request}].
import { createOpenAI } from "@ai-sdk/openai";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { NodeSDK } from "@opentelemetry/sdk-node";
import * as ai from "ai";
import { z } from "zod";

const sdk = new NodeSDK({ serviceName: "captures", traceExporter: new OTLPTraceExporter() });
sdk.start();
if (ai.registerTelemetry) {
  const { OpenTelemetry } = await import("@ai-sdk/otel");
  ai.registerTelemetry(new OpenTelemetry());
}
const telemetry = { isEnabled: true, functionId: "keeper", metadata: { userId: "u-7", sessionId: "s-7" } };
const openai = createOpenAI({ baseURL: process.env.OPENAI_BASE_URL, apiKey: "no-key" });
const weather = ai.tool({ description: "The weather of a city.", inputSchema: z.object({ city: z.string() }) });

function asked({ api, request }) {
  const model = api === "responses" ? openai.responses(request.model) : openai.chat(request.model);
  const system = request.instructions ?? "You answer in one sentence.";
  return {
    model,
    ...(ai.registerTelemetry ? { instructions: system } : { system }),
    prompt: request.input ?? request.messages.at(-1).content,
    temperature: request.temperature,
    maxOutputTokens: request.max_tokens ?? request.max_completion_tokens ?? request.max_output_tokens,
    seed: request.seed,
    topP: request.top_p,
    stopSequences: request.stop,
    frequencyPenalty: request.frequency_penalty,
    maxRetries: 0,
    tools: request.tools && { get_weather: weather },
    providerOptions: { openai: { user: request.user, reasoningEffort: request.reasoning_effort } },
    telemetry,
    experimental_telemetry: telemetry,
  };
}

for (const one of JSON.parse(process.env.CAPTURES_CASES)) {
  try {
    if (one.api === "embeddings") {
      const model = openai.embedding?.(one.request.model) ?? openai.textEmbeddingModel(one.request.model);
      await ai.embed({ model, value: one.request.input, maxRetries: 0, telemetry, experimental_telemetry: telemetry });
    } else if (one.request.stream) {
      await ai.streamText(asked(one)).text;
    } else {
      await ai.generateText(asked(one));
    }
  } catch (error) {
    console.log(one.name, error.name);
  }
}
await sdk.shutdown();
