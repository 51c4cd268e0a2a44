import { createMemoryLedgerStore } from '../../../shared/memory/memory-ledger-store.ts';
import { ledgerStoreContract } from '../../contracts/ledger-store.ts';

ledgerStoreContract('memory', async () => createMemoryLedgerStore());
