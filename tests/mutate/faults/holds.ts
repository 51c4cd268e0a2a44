import type { Area } from '../fault.ts';

export const holds: Area = {
  'lease-over-deadline': {
    file: 'shared/config.ts',
    find: 'config.LEASE_SECONDS > config.UPSTREAM_TIMEOUT_SECONDS',
    replace: 'true',
    sentence: 'A lease ends after the longest call.',
    suites: ['tests/shared/config.test.ts'],
  },
};
