import { readFileSync } from 'node:fs';
import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import OpenAI from 'openai';

// On AWS: the function URL of your stage, and fromNodeProviderChain() of @aws-sdk/credential-providers.
const { stages, credentials } = JSON.parse(readFileSync(process.argv[2] ?? '.local/stack.json', 'utf8'));
const signer = new SignatureV4({ service: 'lambda', region: 'us-east-1', credentials, sha256: Sha256 });

const openai = new OpenAI({
  baseURL: `${stages.dev.proxyUrl}/v1`,
  apiKey: 'none: the stage has its own',
  defaultHeaders: { authorization: null, 'openai-proxy-project': 'demo' },
  async fetch(input, init) {
    const request = new Request(input, init);
    const { protocol, hostname, host, port, pathname: path, searchParams } = new URL(request.url);
    const body = new Uint8Array(await request.clone().arrayBuffer());
    const headers = { ...Object.fromEntries(request.headers), host };
    const query = Object.fromEntries(searchParams);
    const unsigned = { method: request.method, protocol, hostname, port: Number(port), path, query };
    const signed = await signer.sign({ ...unsigned, headers, body });
    return fetch(request, { headers: signed.headers });
  },
});

const { data, response } = await openai.chat.completions
  .create({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Why is the sea salt?' }] })
  .withResponse();
console.log(data.choices[0]?.message.content);
console.log(`USD ${response.headers.get('openai-proxy-cost')}, ${data.usage?.total_tokens} tokens`);
