/** Stands for a client whose bytes count against a bound of all clients: counts how often it had to give them up. */

export function givesUp(): { gaveUp: number; giveUp: () => void } {
  const client = {
    gaveUp: 0,
    giveUp: () => {
      client.gaveUp++;
    },
  };
  return client;
}
