/** Commands of a POSIX shell; tasks as such, for any scheduler. */

/** Whether text has line ends or other control characters, which a line of a script cannot hold. */
export function hasControlCharacter(text: string): boolean {
  return /\p{Cc}|[\u2028\u2029]/u.test(text);
}

/** Words as a command of a POSIX shell, quoted where they must be. */
export function shellLine(words: readonly string[]): string {
  return words
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))
    .join(" ");
}

/**
 * Commands that run tasks, one a task or one for each bundle of tasks. In any order, on any machines that see the job's
 * folder, they give the results that the other executors give.
 *
 * @param program how tslira is called, for example `["tslira"]`
 * @param folder of the job
 * @param tasks numbers of the tasks
 * @param bundle tasks of one command; default 1
 */
export function shellCommands(
  program: readonly string[],
  folder: string,
  tasks: readonly number[],
  bundle = 1,
): string[] {
  const commands: string[] = [];
  for (let first = 0; first < tasks.length; first += bundle) {
    const numbers = tasks.slice(first, first + bundle).map(String);
    commands.push(shellLine([...program, "cluster", "run-task", folder, ...numbers]));
  }
  return commands;
}
