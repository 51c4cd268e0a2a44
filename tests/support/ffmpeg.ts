import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isInstalled } from './install-memcached.ts';

/** A rate that keeps the output of hours small. */
const RATE = 1_000;
const BYTES_PER_SAMPLE = 2;

/** FFmpeg, as the decoder that recordings are held against. */
export interface Ffmpeg {
  /** How long it plays a file, in seconds, as a program does that takes all of its sound; 0 if it plays none of it. */
  played(file: Uint8Array): Promise<number>;
  /** Makes one file for each list of options, by its name, all from the same sound of so many seconds. */
  encode(seconds: number, outputs: ReadonlyMap<string, readonly string[]>): ReadonlyMap<string, Buffer>;
  close(): void;
}

export function hasFfmpeg(): boolean {
  return isInstalled('ffmpeg');
}

export const NO_FFMPEG =
  'NOT TESTED: how long recordings play, as FFmpeg is not installed. Install it and run the tests again:\n' +
  '  Debian, Ubuntu   sudo apt-get update && sudo apt-get install --no-install-recommends ffmpeg\n' +
  '  macOS            brew install ffmpeg\n' +
  '  Fedora           sudo dnf install ffmpeg-free';

export function startFfmpeg(): Ffmpeg {
  const folder = mkdtempSync(join(tmpdir(), 'farebox-sound-'));
  let files = 0;
  return {
    async played(file) {
      files += 1;
      const path = join(folder, `file-${files}`);
      writeFileSync(path, file);
      const raw = ['-f', 's16le', '-ac', '1', '-ar', String(RATE), '-'];
      const decoder = spawn('ffmpeg', ['-v', 'quiet', '-nostdin', '-i', path, ...raw], {
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      let bytes = 0;
      for await (const chunk of decoder.stdout) bytes += (chunk as Buffer).byteLength;
      rmSync(path);
      return bytes / BYTES_PER_SAMPLE / RATE;
    },
    encode(seconds, outputs) {
      const source = ['-f', 'lavfi', '-t', String(seconds), '-i', 'anoisesrc=c=pink:r=16000:a=0.3:s=1'];
      const targets = [...outputs].flatMap(([name, options]) => [...options, join(folder, name)]);
      const made = spawnSync('ffmpeg', ['-v', 'error', '-nostdin', '-y', ...source, ...targets], {
        encoding: 'utf8',
      });
      if (made.status !== 0) throw new Error(`ffmpeg cannot make the recordings: ${made.stderr}`);
      return new Map([...outputs.keys()].map((name) => [name, readFileSync(join(folder, name))]));
    },
    close: () => rmSync(folder, { recursive: true }),
  };
}
