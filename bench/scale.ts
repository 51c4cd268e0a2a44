import { measure } from './scale/load.ts';
import { aligned, capacity, table } from './scale/report.ts';

const IN_FLIGHT = [10, 100, 1000, 4000];
const SHARDS = [1, 8, 16, 32];
const CALL_SECONDS = 5;

const rows = [];
for (const inFlight of IN_FLIGHT)
  for (const shards of SHARDS) rows.push(await measure({ inFlight, callSeconds: CALL_SECONDS, shards }));
console.log(`Calls of ${CALL_SECONDS} s by one user of one project under one limit.`);
console.log('Write units a second at the hottest partition of each kind (DynamoDB takes 1,000 of one);');
console.log('writes, write units and read units per call; USD of DynamoDB per million calls.\n');
console.log(table(rows));
console.log('\nThe most calls in flight before a partition is too hot:\n');
const most = [];
for (const shards of SHARDS) {
  const carried = await capacity({ callSeconds: CALL_SECONDS, shards }, ['account', 'shard'], measure);
  most.push([`the limit's account, ${shards === 1 ? 'one item' : `${shards} shards`}`, String(carried)]);
}
const books = await capacity({ callSeconds: CALL_SECONDS, shards: 32 }, ['books'], measure);
console.log(aligned([['what', 'in flight'], ...most, ['the books of one user and model', String(books)]]));
