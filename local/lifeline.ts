/*
 * Loaded first in every Node process of the stack: when the stack's own process is gone, however it went, its end
 * of the IPC channel is too, and this process ends as well.
 */
process.on('disconnect', () => process.exit());
