import { createMemoryObjects } from '../../../shared/memory/memory-objects.ts';
import { objectsContract } from '../../contracts/objects.ts';

objectsContract('memory', async () => createMemoryObjects());
