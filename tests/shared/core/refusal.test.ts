import { describe, expect, test } from 'vitest';
import { invalidRequest, isRefusal } from '../../../shared/core/refusal.ts';

describe('A refusal', () => {
  test('is what Farebox refuses', () => {
    expect(isRefusal(invalidRequest('invalid_json', 'The body is not JSON.'))).toBe(true);
  });

  test('is nothing that came from outside, whatever it says of itself', () => {
    const { kind, ...rest } = invalidRequest('invalid_json', 'The body is not JSON.');
    expect(isRefusal(JSON.parse(JSON.stringify({ ...rest, kind: 'refusal' })))).toBe(false);
    expect(isRefusal(JSON.parse(JSON.stringify({ ...rest, kind })))).toBe(false);
  });
});
