/** How long a frame of Opus is, in milliseconds, by the configuration of its packet (RFC 6716, table 2). */
const FRAME_MS = [10, 20, 40, 60, 10, 20, 40, 60, 10, 20, 40, 60, 10, 20, 10, 20, 2.5, 5, 10, 20];

/** The longest packet that there is; one that is lost, or empty, is concealed by as much at most. */
export const LONGEST_OPUS_PACKET_SECONDS = 0.12;

/** How long a packet of Opus plays, in seconds, by its first two bytes (RFC 6716, section 3). */
export function opusSeconds(packet: Uint8Array): number {
  const [head, second] = packet;
  if (head === undefined) return LONGEST_OPUS_PACKET_SECONDS;
  const configuration = head >> 3;
  const frameMs = FRAME_MS[configuration < 16 ? configuration : 16 + (configuration & 3)] ?? 0;
  const code = head & 3;
  const frames = code === 0 ? 1 : code === 3 ? (second ?? 0) & 63 : 2;
  return (frames * frameMs) / 1_000;
}
