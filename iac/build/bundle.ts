import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';

export const FUNCTIONS = ['proxy', 'admin', 'sweep'] as const;
export type FunctionName = (typeof FUNCTIONS)[number];

/** A function as one file, with what went into it. */
export interface Bundle {
  /** An ES module that exports `handler`. */
  readonly code: Uint8Array;
  /** Its source map, which stays outside of the zip: a cold start would pay for it. */
  readonly map: Uint8Array;
  /** Every file that something of is in the code, from the repository's root, with the bytes that it came to. */
  readonly inputs: ReadonlyMap<string, number>;
}

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** `memjs` is CommonJS, whose `require` an ES module has not. */
const BANNER = "import{createRequire}from'node:module';const require=createRequire(import.meta.url);";

/** `memjs` does nothing when it is loaded, but does not say so: functions that do not use it would still carry it. */
const unusedMemjsIsLeftOut: Plugin = {
  name: 'unused-memjs-is-left-out',
  setup({ onResolve, resolve }) {
    onResolve({ filter: /^memjs$/ }, async ({ path, pluginData, ...from }) => {
      if (pluginData === 'resolved') return undefined;
      const { path: file, errors } = await resolve(path, { ...from, pluginData: 'resolved' });
      return { path: file, errors, sideEffects: false };
    });
  },
};

/**
 * Bundles a function for Lambda's Node 22, minified. The same sources give the same bytes, wherever they are.
 *
 * @throws what esbuild found wrong
 */
export async function bundle(name: FunctionName): Promise<Bundle> {
  const result = await build({
    absWorkingDir: ROOT,
    entryPoints: [`functions/${name}/handler.ts`],
    outfile: `dist/${name}.mjs`,
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node22',
    format: 'esm',
    // The ES modules of packages can be shaken, their CommonJS cannot.
    mainFields: ['module', 'main'],
    alias: { '@aws-sdk/credential-provider-node': './iac/build/credentials.ts' },
    plugins: [unusedMemjsIsLeftOut],
    banner: { js: BANNER },
    sourcemap: 'external',
    // Stack traces need positions alone, and the sources are in the repository.
    sourcesContent: false,
    metafile: true,
    write: false,
    logLevel: 'silent',
  });
  const file = (ending: string): Uint8Array => {
    const found = result.outputFiles.find(({ path }) => path.endsWith(ending));
    if (found === undefined) throw new Error(`esbuild wrote no ${ending} for ${name}`);
    return found.contents;
  };
  const output = result.metafile.outputs[`dist/${name}.mjs`];
  const inputs = Object.entries(output?.inputs ?? {}).map(
    ([path, { bytesInOutput }]) => [path, bytesInOutput] as const,
  );
  return { code: file('.mjs'), map: file('.mjs.map'), inputs: new Map(inputs) };
}
