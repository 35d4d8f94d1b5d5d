// The candidate that plot, table and detail of one model show together.
export class Selection {
  private listeners: ((name: string | null) => void)[] = [];
  constructor(private name_: string | null) {}

  get name(): string | null { return this.name_; }

  select(name: string): void {
    this.name_ = name;
    for (const listener of this.listeners) listener(name);
  }

  /** Calls the listener now and at every change. */
  follow(listener: (name: string | null) => void): void {
    this.listeners.push(listener);
    listener(this.name_);
  }
}
