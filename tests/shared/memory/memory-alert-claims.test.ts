import { createMemoryAlertClaims } from '../../../shared/memory/memory-alert-claims.ts';
import { alertClaimsContract } from '../../contracts/alert-claims.ts';

alertClaimsContract('memory', async () => createMemoryAlertClaims());
