import * as z from 'zod';

/** How an invocation of a function that answers at once ended, in the terms of the Lambda API. */
export const INVOCATION_RESULT = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('returned'), payload: z.string() }),
  z.object({
    kind: z.literal('threw'),
    error: z.object({ errorType: z.string(), errorMessage: z.string(), trace: z.array(z.string()) }),
  }),
]);
export type InvocationResult = z.infer<typeof INVOCATION_RESULT>;

/** The functions that may be invoked by name; the proxy only answers its URL. */
export const INVOCABLE = ['admin', 'sweep'] as const;
export type Invocable = (typeof INVOCABLE)[number];

/** What a function host is started with. */
export const HOST_START = z.object({
  kind: z.literal('start'),
  stage: z.string(),
  port: z.number().int(),
  modules: z.object({ proxy: z.string(), admin: z.string(), sweep: z.string() }),
  runtimeClient: z.string().optional(),
  principals: z.array(z.custom<import('./principals.ts').Principal>()),
});

/** From the stack to a function host. */
export const TO_HOST = z.discriminatedUnion('kind', [
  HOST_START,
  z.object({
    kind: z.literal('invoke'),
    id: z.string(),
    function: z.enum(INVOCABLE),
    payload: z.string(),
  }),
]);
export type ToHost = z.infer<typeof TO_HOST>;

/** From a function host to the stack. */
export const FROM_HOST = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ready'), port: z.number().int() }),
  z.object({ kind: z.literal('result'), id: z.string(), result: INVOCATION_RESULT }),
]);
export type FromHost = z.infer<typeof FROM_HOST>;
