import { createMemoryDirectory } from '../../../shared/memory/memory-directory.ts';
import { directoryContract } from '../../contracts/directory.ts';

directoryContract('memory', async () => createMemoryDirectory());
