/** Statistics over the binary protocol: the same names in the same order as in text. */

import { describe, expect, it } from 'vitest';
import { OPCODE, readPackets, request, storeRequest } from './binary-packet.js';
import { runOnSession } from './targets/session-target.js';
import type { Turn } from './wire-table.js';

function replies(turns: readonly Turn[]): string {
  return runOnSession({ title: '', turns }, (bytes) => [bytes], 'engine').replies;
}

function textNames(group: string): string[] {
  const text = replies([
    ['set a 0 0 1\r\nx\r\n', ''],
    [`stats${group === '' ? '' : ` ${group}`}\r\n`, ''],
  ]);
  return Array.from(text.matchAll(/^STAT (\S+) /gm), (match) => match[1]!);
}

describe('binary stat', () => {
  for (const group of ['', 'settings', 'items', 'slabs', 'sizes']) {
    it(`answers as the text protocol does: ${group === '' ? 'general' : group}`, () => {
      const packets = readPackets(
        replies([
          [storeRequest(OPCODE.setq, 'a', 'x'), ''],
          [request(OPCODE.stat, { key: group, opaque: 7 }), ''],
        ]),
      );
      const last = packets.pop();
      expect(last).toEqual({
        opcode: OPCODE.stat,
        status: 0,
        opaque: 7,
        cas: 0n,
        extras: '',
        key: '',
        value: '',
      });
      expect(packets.map((packet) => packet.key)).toEqual(textNames(group));
      expect(packets.length).toBeGreaterThan(0);
      for (const packet of packets)
        expect(packet).toMatchObject({ status: 0, opaque: 7, cas: 0n, extras: '' });
    });
  }
});
