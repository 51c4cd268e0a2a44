import { daysBetween } from '../core/period.ts';
import type { Directory } from '../ports/directory.ts';

export interface ProjectDay {
  readonly project: string;
  /** `YYYY-MM-DD`, UTC. */
  readonly day: string;
}

/**
 * The days in a span of time on which a project can have entries: none before it was created.
 *
 * @param from milliseconds since the epoch
 * @param to milliseconds since the epoch, included
 * @param name only this project; absent: all
 */
export async function projectDays(
  directory: Pick<Directory, 'project' | 'projects'>,
  from: number,
  to: number,
  name?: string,
): Promise<ProjectDay[]> {
  const days: ProjectDay[] = [];
  const add = (project: string, createdAt: number) => {
    for (const day of daysBetween(Math.max(from, createdAt), to)) days.push({ project, day });
  };
  if (name === undefined) {
    for await (const project of directory.projects()) add(project.name, project.createdAt);
    return days;
  }
  const project = await directory.project(name);
  if (project !== undefined) add(project.name, project.createdAt);
  return days;
}
