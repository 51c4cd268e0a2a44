import { describe, expect, it } from 'vitest';
import { CircuitBreaker } from '../../../shared/core/circuit-breaker.ts';

function breaker() {
  const clock = { at: 1_000_000, now: () => clock.at };
  const circuit = new CircuitBreaker({ clock, failures: 2, backoffMs: 100, maxBackoffMs: 400 });
  return { clock, circuit };
}

describe('a circuit breaker', () => {
  it('opens after failures in a row only', () => {
    const { circuit } = breaker();
    for (let round = 0; round < 5; round += 1) {
      circuit.failed();
      circuit.succeeded();
    }
    expect(circuit.enter()).toBe(true);
    circuit.failed();
    circuit.failed();
    expect(circuit.enter()).toBe(false);
  });

  it('lets one probe through after the back-off, and everybody once it succeeded', () => {
    const { clock, circuit } = breaker();
    circuit.failed();
    circuit.failed();
    clock.at += 99;
    expect(circuit.enter()).toBe(false);
    clock.at += 1;
    expect([circuit.enter(), circuit.enter(), circuit.enter()]).toEqual([true, false, false]);
    circuit.succeeded();
    expect([circuit.enter(), circuit.enter()]).toEqual([true, true]);
  });

  it('doubles the back-off with each failed probe, up to its maximum, and forgets it with a success', () => {
    const { clock, circuit } = breaker();
    circuit.failed();
    circuit.failed();
    for (const backoff of [100, 200, 400, 400]) {
      clock.at += backoff - 1;
      expect(circuit.enter()).toBe(false);
      clock.at += 1;
      expect(circuit.enter()).toBe(true);
      circuit.failed();
    }
    clock.at += 400;
    expect(circuit.enter()).toBe(true);
    circuit.succeeded();
    circuit.failed();
    circuit.failed();
    clock.at += 100;
    expect(circuit.enter()).toBe(true);
  });

  it('is not held open by a clock that is set back', () => {
    const { clock, circuit } = breaker();
    circuit.failed();
    circuit.failed();
    clock.at -= 3_600_000;
    expect(circuit.enter()).toBe(true);
  });
});
