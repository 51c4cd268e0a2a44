/** Everything that is printed from now on, past every log, until it is told to stop. */
export function capturePrinted(lines: string[]): () => void {
  const write = process.stdout.write;
  const writeError = process.stderr.write;
  const capture = (chunk: string | Uint8Array) => {
    lines.push(Buffer.from(chunk as Uint8Array).toString());
    return true;
  };
  process.stdout.write = capture;
  process.stderr.write = capture;
  return () => {
    process.stdout.write = write;
    process.stderr.write = writeError;
  };
}

/** What is printed during some work; nobody else sees it. */
export async function printedDuring(work: () => Promise<unknown>): Promise<string> {
  const lines: string[] = [];
  const restore = capturePrinted(lines);
  try {
    await work();
  } finally {
    restore();
  }
  return lines.join('');
}
