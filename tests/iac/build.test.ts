import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeArtefacts } from '../../iac/build/artefacts.ts';
import { type Bundle, bundle, FUNCTIONS, type FunctionName } from '../../iac/build/bundle.ts';
import { zip } from '../../iac/build/zip.ts';
import { productionPackages } from '../architecture/sources.ts';

/**
 * In bytes, a little above what each came to: who passes one has brought something along, and says here why. The price
 * table is 117 kB of each: more models, and what each does. What measures sound comes along with the rules of chats.
 */
const MOST_BYTES: Record<FunctionName, number> = { proxy: 810_000, admin: 650_000, sweep: 665_000 };

/** esbuild is quick, and a machine with other work to do is not. */
const PATIENCE = { timeout: 180_000 };

const folders: string[] = [];
let built = new Map<string, Buffer>();
beforeAll(async () => {
  built = await build();
}, PATIENCE.timeout);
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

/** A build in a folder of its own, as name and bytes of every file. */
async function build(): Promise<Map<string, Buffer>> {
  const folder = mkdtempSync(join(tmpdir(), 'farebox-build-'));
  folders.push(folder);
  await writeArtefacts(folder);
  return new Map(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))]));
}

const bundles = new Map<FunctionName, Promise<Bundle>>();
const bundleOf = (name: FunctionName): Promise<Bundle> => {
  const made = bundles.get(name) ?? bundle(name);
  bundles.set(name, made);
  return made;
};

/** The packages and files that something of is in a function. */
async function contents(name: FunctionName): Promise<string[]> {
  const { inputs } = await bundleOf(name);
  return [...inputs].filter(([, bytes]) => bytes > 0).map(([path]) => path);
}

describe('the build', PATIENCE, () => {
  it('writes a zip and a source map for each function, the same bytes each time', async () => {
    const again = await build();
    expect([...built.keys()].sort()).toEqual(
      FUNCTIONS.flatMap((name) => [`${name}.mjs.map`, `${name}.zip`]).sort(),
    );
    for (const [name, bytes] of built) expect(again.get(name)?.equals(bytes), name).toBe(true);
  });

  it('puts one module into a zip, which does not point to its source map', () => {
    for (const name of FUNCTIONS) {
      const unzipped = unzipSync(built.get(`${name}.zip`) ?? new Uint8Array());
      expect(Object.keys(unzipped)).toEqual(['index.mjs']);
      const code = Buffer.from(unzipped['index.mjs'] ?? []).toString('utf8');
      expect(code).toMatch(/export\s*\{[^}]*\bas handler\b/);
      expect(code).not.toContain('sourceMappingURL');
      expect(code).not.toContain(process.cwd());
    }
  });

  it.each(FUNCTIONS)('leaves out of %s what is for development, and other functions', async (name) => {
    const foreign = (await contents(name)).filter((path) =>
      /^(local|tests|bench|client|docs)\/|^prices\/(?!load\.ts|table\.json)|(^|\/)node_modules\/openai\//.test(
        path,
      ),
    );
    const others = (await contents(name)).filter(
      (path) => path.startsWith('functions/') && !path.startsWith(`functions/${name}/`),
    );
    expect([...foreign, ...others]).toEqual([]);
  });

  it('gives no function what it does not use', async () => {
    const [proxy, admin, sweep] = await Promise.all(FUNCTIONS.map(contents));
    const have = (part: string) =>
      [proxy, admin, sweep].map((all) => all?.some((path) => path.includes(part)));
    expect(have('node_modules/memjs/')).toEqual([true, false, false]);
    expect(have('shared/aws/response-stream.ts')).toEqual([true, false, false]);
    expect(have('credential-provider-sso')).toEqual([false, false, false]);
    expect(have('zod/v4/locales/de.js')).toEqual([false, false, false]);
  });

  it.each(FUNCTIONS)('keeps %s as small as it is', async (name) => {
    const { code } = await bundleOf(name);
    expect(code.byteLength).toBeLessThan(MOST_BYTES[name]);
  });

  it('takes from packages that are named as dependencies, or come with one', async () => {
    const manifest = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
      packages: Record<string, { dev?: boolean }>;
    };
    for (const name of FUNCTIONS) {
      const packages = (await contents(name)).flatMap(
        (path) => /^(node_modules\/(?:.*node_modules\/)?(?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? [],
      );
      expect(packages.length).toBeGreaterThan(0);
      expect(packages.filter((path) => manifest.packages[path]?.dev !== undefined)).toEqual([]);
    }
    expect(productionPackages()).toContain('@aws-sdk/credential-provider-env');
  });
});

describe('a zip', () => {
  const text = (content: string) => new TextEncoder().encode(content);

  it('does not depend on the order of its files, on the clock or on the time zone', () => {
    const zone = process.env['TZ'];
    const one = zip({ a: text('1'), b: text('2') });
    process.env['TZ'] = 'Pacific/Kiritimati';
    const other = zip({ b: text('2'), a: text('1') });
    if (zone === undefined) delete process.env['TZ'];
    else process.env['TZ'] = zone;
    expect(Buffer.from(other).equals(Buffer.from(one))).toBe(true);
  });

  it('holds files that Lambda may read', () => {
    const bytes = Buffer.from(zip({ a: text('1') }));
    const directory = bytes.indexOf(Buffer.from([0x50, 0x4b, 0x01, 0x02]));
    // The external attributes of the first entry: the Unix mode in their upper half.
    expect(bytes.readUInt32LE(directory + 38) >>> 16).toBe(0o100644);
    expect(bytes.readUInt8(directory + 5)).toBe(3);
  });
});
