import { createMemoryWindowCounter } from '../../../shared/memory/memory-window-counter.ts';
import { windowCounterContract } from '../../contracts/window-counter.ts';

windowCounterContract('memory', async () => createMemoryWindowCounter());
