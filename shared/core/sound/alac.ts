const COOKIE_BYTES = 24;

/**
 * How long a packet of Apple Lossless plays, in seconds, by the configuration of its decoder: the samples that a packet
 * has at most come first, and the rate last.
 *
 * @returns `undefined` if that is none
 */
export function alacFrame(configuration: Buffer): number | undefined {
  if (configuration.length < COOKIE_BYTES) return undefined;
  const [samples, rate] = [configuration.readUInt32BE(0), configuration.readUInt32BE(20)];
  return samples === 0 || rate === 0 ? undefined : samples / rate;
}
