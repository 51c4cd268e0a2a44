import { beforeEach, describe, expect, it } from 'vitest';
import { ONE_USD } from '../../shared/core/money.ts';
import type { AlertClaims, AlertId } from '../../shared/ports/alerts.ts';

const NOW = Date.parse('2026-11-21T12:00:00.000Z');
const LATER = NOW + 300_000;
const ALERT: AlertId = {
  scope: { project: 'demo' },
  period: 'month',
  periodKey: '2026-11',
  amount: 10n * ONE_USD,
  threshold: 80,
};

/** What decides who publishes an alert; `create` makes one without claims. */
export function alertClaimsContract(name: string, create: () => Promise<AlertClaims>): void {
  describe(`the claims of alerts in ${name}`, () => {
    let claims: AlertClaims;
    beforeEach(async () => {
      claims = await create();
    });

    it('give an alert to exactly one of many who claim it at once', async () => {
      const asked = Array.from({ length: 20 }, () => claims.claim(ALERT, NOW, LATER));
      expect((await Promise.all(asked)).toSorted()).toEqual(['claimed', ...Array(19).fill('taken')]);
    });

    it('give it to nobody once it was published, however late', async () => {
      await claims.claim(ALERT, NOW, LATER);
      await claims.publishedAt(ALERT, NOW + 1);
      expect(await claims.claim(ALERT, NOW + 2, LATER)).toBe('published');
      expect(await claims.claim(ALERT, LATER + 1, LATER + 2)).toBe('published');
    });

    it('give it to another when the claim of a publisher that died has ended, and to one alone', async () => {
      await claims.claim(ALERT, NOW, LATER);
      expect(await claims.claim(ALERT, LATER - 1, LATER + 9)).toBe('taken');
      const asked = Array.from({ length: 5 }, () => claims.claim(ALERT, LATER, LATER + 300_000));
      expect((await Promise.all(asked)).filter((claim) => claim === 'claimed')).toHaveLength(1);
    });

    it('tell alerts apart by scope, period, amount and threshold', async () => {
      const others: AlertId[] = [
        ALERT,
        { ...ALERT, scope: {} },
        { ...ALERT, scope: { project: 'demo', user: 'user/alice' } },
        { ...ALERT, period: 'day', periodKey: '2026-11-21' },
        { ...ALERT, periodKey: '2026-12' },
        { ...ALERT, period: 'total', periodKey: 'total' },
        { ...ALERT, amount: 20n * ONE_USD },
        { ...ALERT, threshold: 100 },
      ];
      for (const other of others) expect(await claims.claim(other, NOW, LATER)).toBe('claimed');
      for (const other of others) await claims.publishedAt(other, NOW);
      for (const other of others) expect(await claims.claim(other, NOW, LATER)).toBe('published');
    });
  });
}
