import { createMemoryObjects } from '../../../shared/memory/memory-objects.ts';
import { containersContract } from '../../contracts/containers.ts';
import { objectListsContract, objectsContract } from '../../contracts/objects.ts';

objectsContract('memory', async () => createMemoryObjects());
objectListsContract('memory', async () => createMemoryObjects());
containersContract('memory', async () => createMemoryObjects());
