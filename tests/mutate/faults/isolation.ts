import type { Area } from '../fault.ts';

/** The cases of the proxy, on the shortest way into it. */
const CASES = { suites: ['tests/functions/proxy/http.test.ts'], only: 'in process' };
const TABLE = { suites: ['tests/shared/core/treatments.test.ts'] };
const REFERENCES = { suites: ['tests/shared/core/object-references.test.ts'] };
const KEPT = { suites: ['tests/functions/proxy/kept-objects.test.ts'] };
const BATCHES = { suites: ['tests/functions/proxy/batches.test.ts'] };

/** What one project made, another cannot reach. */
export const isolation: Area = {
  'batches-are-ones-own': {
    file: 'shared/core/treatments/stored.ts',
    find: "free('GET /batches', 'batches.list', { objects: { lists: 'batch' } })",
    replace: "free('GET /batches', 'batches.list')",
    sentence: 'A project lists its own batches alone.',
    ...CASES,
  },
  'files-are-ones-own': {
    file: 'shared/core/treatments/stored.ts',
    find: "free('GET /files', 'files.list', { objects: { lists: 'file' } })",
    replace: "free('GET /files', 'files.list')",
    sentence: 'A project lists its own files alone.',
    ...CASES,
  },
  'vector-stores-are-ones-own': {
    file: 'shared/core/treatments/stored.ts',
    find: "'vector_stores.list', { objects: { lists: 'vector_store' } })",
    replace: "'vector_stores.list')",
    sentence: 'A project lists its own vector stores alone.',
    ...TABLE,
  },
  'content-is-ones-own': {
    file: 'shared/core/treatments/stored.ts',
    find: "'files.content', { gives: BYTES, objects: FILE }",
    replace: "'files.content', { gives: BYTES }",
    sentence: 'A path that names a stored object serves the project that owns it.',
    ...TABLE,
  },
  'uploads-make-files': {
    file: 'shared/core/treatments/stored.ts',
    find: "'files.create', { takes: MULTIPART, objects: { creates: 'file' } }",
    replace: "'files.create', { takes: MULTIPART }",
    sentence: 'A file is its project’s as soon as it is made.',
    ...CASES,
  },
  'owner-is-the-project': {
    file: 'functions/proxy/own.ts',
    find: 'return owner.project === project && (kind',
    replace: 'return (kind',
    sentence: 'An object is for the project that made it.',
    ...CASES,
  },
  'a-kind-is-no-other': {
    file: 'functions/proxy/own.ts',
    find: '(kind === undefined || owner.kind === kind)',
    replace: 'kind !== null',
    sentence: 'A kind is no other kind: the id of a file is none of a batch.',
    ...CASES,
  },
  'unknown-is-nobodys': {
    file: 'functions/proxy/own.ts',
    find: "owner.kind === 'sent_item') return weak;",
    replace: "owner.kind === 'sent_item') return true;",
    sentence: 'What nobody made here is reached by nobody.',
    ...CASES,
  },
  'paths-are-checked': {
    file: 'functions/proxy/own.ts',
    find: 'objects.needs === undefined || objectId === undefined',
    replace: 'true',
    sentence: 'An object that a path names must be the project’s.',
    ...CASES,
  },
  'bodies-are-checked': {
    file: 'functions/proxy/own.ts',
    find: 'const inBody = body === undefined ? [] : objectReferences(body);',
    replace: 'const inBody = body === undefined ? [] : objectReferences({});',
    sentence: 'An object that a body names must be the project’s.',
    ...CASES,
  },
  'all-pages-are-checked': {
    file: 'functions/proxy/own.ts',
    find: 'from < references.length; from += READ_TOGETHER',
    replace: 'from < Math.min(1, references.length); from += READ_TOGETHER',
    sentence: 'However many objects a request names, each must be the project’s.',
    suites: ['tests/attacks/many-made-up-ids.test.ts'],
  },
  'foreign-refuses': {
    file: 'functions/proxy/admit.ts',
    find: 'if (isRefusal(own)) return own;\n  const limitless',
    replace: 'if (isRefusal(own)) throw new Error();\n  const limitless',
    sentence: 'An object of another project is told as one that is not there.',
    ...CASES,
  },
  'items-must-be-ones-own': {
    file: 'shared/core/object-references.ts',
    find: 'const weak = !isReference(item);',
    replace: 'const weak = true;',
    sentence: 'An item that a request refers to must be the project’s.',
    ...CASES,
  },
  'earlier-responses-are-names': {
    file: 'shared/core/object-references.ts',
    find: "  ['previous_response_id', 'response'],\n",
    replace: '',
    sentence: 'A response that is continued must be the project’s.',
    ...REFERENCES,
  },
  'nested-names-are-found': {
    file: 'shared/core/object-references.ts',
    find: 'of value.entries())',
    replace: 'of [].entries())',
    sentence: 'An object is found wherever in a request it is named.',
    ...REFERENCES,
  },
  'deleted-is-nobodys': {
    file: 'functions/proxy/own-created.ts',
    find: 'await deps.objects.disown(objectId);',
    replace: '',
    sentence: 'A deleted object is nobody’s any more.',
    suites: ['tests/functions/proxy/http.test.ts', ...KEPT.suites],
    only: 'in process|what OpenAI keeps',
  },
  'made-is-owned': {
    file: 'functions/proxy/own-created.ts',
    find: 'if (sought === undefined) return;\n  await own(',
    replace: 'if (sought !== null) return;\n  await own(',
    sentence: 'What an answer made is its project’s before its caller is told.',
    ...CASES,
  },
  'streamed-is-owned': {
    file: 'functions/proxy/own-created.ts',
    find: 'if (made.length > 0) writes.push(own(call, sought, made, deps));',
    replace: '',
    sentence: 'A streamed response is its project’s as soon as it has ended.',
    ...CASES,
  },
  'large-is-owned': {
    file: 'functions/proxy/own-created.ts',
    find: 'if (answer !== undefined) writing = ownCreated(',
    replace: 'if (answer === null) writing = ownCreated(',
    sentence: 'A response too large to be taken whole is its project’s, too.',
    ...CASES,
  },
  'named-is-not-made': {
    file: 'functions/proxy/own-created.ts',
    find: 'created.filter((object) => !call.named.has(object.id))',
    replace: '[...created]',
    sentence: 'An id that a request named was not made for it, whatever comes back under it.',
    suites: ['tests/attacks/claimed-ids.test.ts'],
  },
  'more-of-ones-own': {
    file: 'functions/proxy/list-own.ts',
    find: 'isCut = told.left > 0 || data.length > limit;',
    replace: 'isCut = told.left > 0;',
    sentence: 'has_more is true while more of one’s own exists.',
    ...CASES,
  },
  'pages-go-on': {
    file: 'functions/proxy/list-own.ts',
    find: '!part.more || last === undefined',
    replace: 'last !== null',
    sentence: 'A list holds all that is the project’s own, however far apart it lies.',
    suites: ['tests/attacks/lists-of-others.test.ts'],
  },
  'batch-lines-are-checked': {
    file: 'functions/proxy/batch-work.ts',
    find: 'if (isRefusal(own)) return own;',
    replace: '',
    sentence: 'What the lines of a batch name must be the project’s.',
    ...BATCHES,
  },
  'batch-files-are-owned': {
    file: 'functions/proxy/deferred.ts',
    find: 'await deps.objects.own(files);',
    replace: '',
    sentence: 'The files that a batch made are whose the batch is.',
    ...BATCHES,
  },
  'odd-paths-are-refused': {
    file: 'shared/core/treatments.ts',
    find: '!PLAIN_PATH.test(path) || ',
    replace: '',
    sentence: 'A path that could mean another one at OpenAI is refused.',
    ...TABLE,
  },
  'first-owner-stays': {
    file: 'shared/aws/dynamodb-objects.ts',
    find: "if ((await table.create(owner)) === 'exists' || listed === undefined) return;",
    replace:
      'await table.remove(ownerKey(id));\n    await table.create(owner);\n    if (listed === undefined) return;',
    sentence: 'What has an owner keeps it.',
    suites: ['tests/shared/aws/dynamodb-objects.test.ts'],
  },
};
