/** What a program is given, and how it tells what it saw. */
export interface Task {
  url: string;
  email: string;
  password: string;
  accountId: string;
  roleId: string;
}

export const task: Task = JSON.parse(process.argv[2] ?? "") as Task;

export function tell(seen: Record<string, unknown>): void {
  console.log(JSON.stringify(seen));
}
