import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

/** Where a command writes: answers to `out`, everything else to `err`. */
export interface Terminal {
  readonly out: Output;
  readonly err: Output;
}

export interface Output {
  write(text: string): unknown;
  /** Whether a person looks at it. */
  readonly isTTY?: boolean | undefined;
  /** Its width in characters. */
  readonly columns?: number | undefined;
  hasColors?(): boolean;
}

/** The width that is assumed where nobody says one. */
const WIDTH = 100;
/** `NO_COLOR` and `FORCE_COLOR` are heeded by Node itself. */
export type Paint = (style: Style, text: string) => string;

/** Colours a text where the output shows colours. */
export function painter(output: Output): Paint {
  const colours = output.isTTY === true && output.hasColors?.() !== false;
  return (style, text) => (colours ? styleText(style, text, { validateStream: false }) : text);
}

export function widthOf(output: Output): number {
  return output.columns ?? WIDTH;
}

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const FRAME_MS = 120;
/** What is done sooner needs no sign of life. */
const SILENT_MS = 600;

/**
 * Shows, where a person looks, that something that takes long is still going on, and for how long it has been.
 *
 * @param what such as `auditing dev`
 */
export async function withProgress<T>({ err }: Terminal, what: string, work: () => Promise<T>): Promise<T> {
  if (err.isTTY !== true) return work();
  const paint = painter(err);
  const begun = Date.now();
  const timer = setInterval(() => {
    const passed = Date.now() - begun;
    if (passed < SILENT_MS) return;
    const frame = FRAMES[Math.floor(passed / FRAME_MS) % FRAMES.length] ?? '';
    err.write(`\r\x1b[K${paint('cyan', frame)} ${what}${paint('dim', ` … ${Math.floor(passed / 1000)} s`)}`);
  }, FRAME_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
    err.write('\r\x1b[K');
  }
}
