import type { Method } from '../../api/types';

/** What each method does to the target, in a line. */
export const lessons: Record<Method, string> = {
  Mysqldump: 'Logical: the target’s MySQL goes on running; its databases are dropped and loaded again, slowly for large data.',
  Mydumper: 'Logical, in several threads: the target’s MySQL goes on running; its databases are dropped and loaded again.',
  Xtrabackup: 'Physical: the data come beside the old ones, are proven, and change places with them; MySQL is stopped for that moment.',
  LVM: 'Physical, from a snapshot of the source’s volume: the files come beside the old ones and change places with them.',
  ClonePlugin: 'Physical, by MySQL itself: the target’s server clones the source’s into another directory and is restarted on it.',
};
