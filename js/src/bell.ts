/** Something that can be listened for. */
export interface Bell {
  on(then: () => void): void;
  ring(): void;
}

export function bell(): Bell {
  const heard: (() => void)[] = [];
  return {
    on: (then) => void heard.push(then),
    ring() {
      for (const then of heard) then();
    },
  };
}
