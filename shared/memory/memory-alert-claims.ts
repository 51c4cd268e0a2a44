import { scopeId } from '../core/scope.ts';
import type { AlertClaims, AlertId } from '../ports/alerts.ts';

/** Claims of alerts in this process's memory. */
export function createMemoryAlertClaims(): AlertClaims {
  const claims = new Map<string, { readonly until: number; readonly published: boolean }>();
  return {
    async claim(alert, now, until) {
      const standing = claims.get(nameOf(alert));
      if (standing?.published) return 'published';
      if (standing !== undefined && standing.until > now) return 'taken';
      claims.set(nameOf(alert), { until, published: false });
      return 'claimed';
    },
    async publishedAt(alert) {
      claims.set(nameOf(alert), { until: 0, published: true });
    },
  };
}

function nameOf({ scope, period, periodKey, amount, threshold }: AlertId): string {
  return [scopeId(scope), period, periodKey, amount, threshold].join('/');
}
