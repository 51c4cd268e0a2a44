/** What the files of one layer may import. */
export interface Layer {
  readonly name: string;
  readonly files: RegExp;
  /** Their own folder (`own`), and whatever matches one of these. */
  readonly own: RegExp;
  readonly may: readonly RegExp[];
  /** Ends the sentence "it may not, because …". */
  readonly because: string;
}

const CORE = /^shared\/core\//;
const PORTS = /^shared\/ports\//;
const SERVICES = /^shared\/(ledger|cache|deferred|pricing)\//;
const LEDGER = /^shared\/ledger\//;
const PRICING = /^shared\/pricing\//;
const WIRING = /^shared\/wire(-[\w-]+)?\.ts$/;
const EVENT_ADAPTER = /^shared\/aws\/streaming-handler\.ts$/;
const PURE_BUILTINS = /^node:(crypto|zlib)$/;
const COMPUTING_BUILTINS = /^node:(crypto|util|zlib)$/;
const ANY_PACKAGE = /^(?!\.|shared\/|functions\/|prices\/|client\/|iac\/|local\/|bench\/|tests\/)/;
const BUILD = /^iac\/build\//;
const ZOD = /^zod$/;

/** Imports point one way: functions -> adapters and services -> ports -> core. The first layer that fits a file counts. */
export const LAYERS: readonly Layer[] = [
  {
    name: 'core',
    files: CORE,
    own: CORE,
    may: [PURE_BUILTINS],
    because: 'the core is pure: it is replayed, tested and trusted with money without I/O, clock, env or SDK',
  },
  {
    name: 'ports',
    files: PORTS,
    own: PORTS,
    may: [CORE],
    because: 'a port is a promise in terms of the core; what it knows of an adapter binds every other one',
  },
  ...['ledger', 'cache', 'pricing'].map((service) => ({
    name: `the ${service} service`,
    files: new RegExp(`^shared/${service}/`),
    own: new RegExp(`^shared/${service}/`),
    may: [CORE, PORTS, COMPUTING_BUILTINS, ZOD],
    because: 'a service works with any adapter: it knows the ports and the core alone',
  })),
  {
    name: 'the deferred service',
    files: /^shared\/deferred\//,
    own: /^shared\/deferred\//,
    may: [CORE, PORTS, LEDGER, COMPUTING_BUILTINS],
    because: 'it settles calls of the ledger by what OpenAI tells later, through any adapter of either',
  },
  ...['aws', 'memcached', 'memory', 'openai'].map((adapter) => ({
    name: `the ${adapter} adapter`,
    files: new RegExp(`^shared/${adapter}/`),
    own: new RegExp(`^shared/${adapter}/`),
    may: [CORE, PORTS, ANY_PACKAGE],
    because:
      'an adapter fulfils a port; two of them that know each other can no longer be swapped one by one',
  })),
  {
    name: 'the configuration',
    files: /^shared\/config(-[\w-]+)?\.ts$/,
    own: /^shared\/config/,
    may: [CORE, ZOD],
    because: 'the configuration is read before anything is built',
  },
  {
    name: 'the wiring',
    files: WIRING,
    own: /^shared\//,
    may: [/^prices\/load\.ts$/, ANY_PACKAGE],
    because: 'it puts the functions together from parts below them; of the prices it needs the loader alone',
  },
  {
    name: 'what is shared',
    files: /^shared\//,
    own: CORE,
    may: [PORTS, ZOD],
    because: 'a file straight in shared/ belongs to a layer: the wiring, the configuration, or a folder',
  },
  ...['proxy', 'admin', 'sweep'].map((name) => ({
    name: `the ${name} function's entry`,
    files: new RegExp(`^functions/${name}/handler\\.ts$`),
    own: new RegExp(`^functions/${name}/`),
    may: [WIRING, EVENT_ADAPTER, CORE, ZOD, /^node:process$/, /^aws-lambda$/],
    because: 'an entry gets its parts from the wiring and its event from the one adapter; it decides nothing',
  })),
  ...['proxy', 'admin', 'sweep'].map((name) => ({
    name: `the ${name} function`,
    files: new RegExp(`^functions/${name}/`),
    own: new RegExp(`^functions/${name}/`),
    may: [CORE, PORTS, SERVICES, COMPUTING_BUILTINS, ZOD],
    because: 'a function runs on Lambda, on the local stack and in tests alike: it is given its adapters',
  })),
  {
    name: 'the prices',
    files: /^prices\//,
    own: /^prices\//,
    may: [CORE, PRICING, ANY_PACKAGE],
    because: 'the price table is data: it is made and read without the rest of the product',
  },
  {
    name: 'the client',
    files: /^client\//,
    own: /^client\//,
    may: [ANY_PACKAGE],
    because: 'the client goes to callers, who have none of our code',
  },
  {
    name: 'the build',
    files: /^iac\//,
    own: BUILD,
    may: [ANY_PACKAGE],
    because: 'it bundles the functions without running a line of them',
  },
  {
    name: 'the local stack',
    files: /^(local|bench)\//,
    own: /^(local|bench|shared|functions|prices|client)\//,
    may: [BUILD, ANY_PACKAGE],
    because: 'nothing that people run may hang on the tests',
  },
];
