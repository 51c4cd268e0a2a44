import OpenAI from 'farebox-client';

const openai = new OpenAI({ project: 'demo' });

const { data, response } = await openai.chat.completions
  .create({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Why is the sea salt?' }] })
  .withResponse();
console.log(data.choices[0]?.message.content);
console.log(`USD ${response.headers.get('openai-proxy-cost')}, ${data.usage?.total_tokens} tokens`);
