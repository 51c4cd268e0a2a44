import { createMemoryLedgerStore } from '../../../shared/memory/memory-ledger-store.ts';
import { ledgerBoundsContract } from '../../contracts/ledger-bounds.ts';
import { ledgerCorrectionsContract } from '../../contracts/ledger-corrections.ts';
import { ledgerShardsContract } from '../../contracts/ledger-shards.ts';
import { ledgerStoreContract } from '../../contracts/ledger-store.ts';

ledgerStoreContract('memory', async () => createMemoryLedgerStore());
ledgerShardsContract('memory', async () => createMemoryLedgerStore());
ledgerBoundsContract('memory', async () => createMemoryLedgerStore());
ledgerCorrectionsContract('memory', async () => createMemoryLedgerStore());
