import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { sizeOfDataUrl } from '../../../shared/core/picture-size.ts';
import { gif, jpeg, png, webp } from '../../support/pictures.ts';

const PICTURES = new URL('../../fixtures/pictures/', import.meta.url);

const inline = (bytes: Uint8Array, type = 'image/png') =>
  `data:${type};base64,${Buffer.from(bytes).toString('base64')}`;

describe('the size of a picture in a data URL', () => {
  it.each(readdirSync(PICTURES))('is read from %s, as an encoder wrote it', (name) => {
    expect(sizeOfDataUrl(inline(readFileSync(new URL(name, PICTURES))))).toEqual({ width: 301, height: 203 });
  });

  it.each([
    ['a PNG', png(40_000, 9)],
    ['a PNG behind text', png(40_000, 9, { before: 70_000 })],
    ['a JPEG', jpeg(40_000, 9)],
    ['a JPEG behind a profile and pictures of its own', jpeg(40_000, 9, { before: 300_000 })],
    ['a GIF', gif(40_000, 9)],
  ])('is read of %s from its first bytes alone', (_, head) => {
    const url = inline(Buffer.concat([head, Buffer.alloc(2_000_000, 1)]));
    expect(sizeOfDataUrl(url)).toEqual({ width: 40_000, height: 9 });
  });

  it.each(['VP8 ', 'VP8L', 'VP8X'] as const)('is read of a WebP of the form %s', (form) => {
    expect(sizeOfDataUrl(inline(webp(form, 16_000, 9)))).toEqual({ width: 16_000, height: 9 });
  });

  it.each([
    ['the largest header of a PNG', png(1, 1, { again: [6_000, 5_000] })],
    ['the largest frame header of a JPEG', jpeg(1, 1, { again: [6_000, 5_000] })],
    ['the picture of a GIF where it is larger than its screen', gif(1, 1, { picture: [6_000, 5_000] })],
  ])('is that of %s: decoders differ on which one counts', (_, bytes) => {
    expect(sizeOfDataUrl(inline(bytes))).toEqual({ width: 6_000, height: 5_000 });
  });

  it.each([
    ['no base64', 'data:image/png,iVBORw0KGgo'],
    ['a URL of the web', 'https://x.test/a.png'],
    ['characters that a decoder may skip', inline(png(9, 9)).replace(',', ',\n')],
    ['the alphabet for URLs', `data:image/png;base64,_${inline(png(9, 9)).split(',')[1]}`],
    ['two parts of which one is the picture', `${inline(png(9, 9))},${inline(png(9_999, 9_999))}`],
    ['another format', inline(Buffer.from(`<svg width="9" height="9">${' '.repeat(99)}</svg>`))],
    ['a picture without pixels', inline(png(0, 9))],
    ['a PNG that is cut before its pixels', inline(png(9, 9).subarray(0, 40))],
    ['more text before its pixels than is read', inline(png(9, 9, { before: 1_100_000 }))],
    ['a JPEG that tells its height behind its pixels', inline(jpeg(9, 0))],
    ['a hierarchical JPEG', inline(jpeg(9, 9, { marker: 0xc5 }))],
    ['a JPEG with garbage between its segments', inline(jpeg(9, 9, { garbage: true }))],
    ['a WebP of a form of its own', inline(webp('VP9 ', 9, 9))],
    ['nothing', inline(Buffer.alloc(0))],
  ])('is not told of %s', (_, url) => {
    expect(sizeOfDataUrl(url)).toBeUndefined();
  });
});
