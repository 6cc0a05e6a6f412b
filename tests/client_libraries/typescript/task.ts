/** What a program is given, and how it tells what it saw. */
export interface Task {
  url: string;
  email: string;
  password: string;
  accountId: string;
  roleId: string;
  /** Where subscriptions go: by a way that is cut. */
  socketUrl: string;
}

export const task: Task = JSON.parse(process.argv[2] ?? "") as Task;

/** The number of changes that the program waits for. */
export const CHANGES = 3;

/** Events as they come, a line each: whoever makes the changes waits for these lines. */
export function tellOf(event: { id: string; type: string }): void {
  console.log(`event ${event.type} ${event.id}`);
}

/** A moment before the next try. */
export function whileBroken(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 100));
}

export function tell(seen: Record<string, unknown>): void {
  console.log(JSON.stringify(seen));
}
