/** The ways into the function: what wraps it, by kind. Each wrapper is loaded when it is first needed. */
export const WRAPPERS = {
  /** The hooks of Function Compute's managed runtime. Events and HTTP triggers arrive as bytes. */
  managed: async () => (await import('./managed/hooks.ts')).createFunctionHooks,
  /** An HTTP function of Function Compute 2.0: a request and a response. */
  'http-function': async () => (await import('./http/function.ts')).answerHttpFunction,
  /** The HTTP contract of custom runtimes and containers of Function Compute. */
  'function-compute': async () => (await import('./custom-runtime/serve.ts')).serveFunctionCompute,
  /** CloudEvents over HTTP: Knative and other senders. */
  cloudevents: async () => (await import('./cloudevents/serve.ts')).serveCloudEvents,
} as const;
