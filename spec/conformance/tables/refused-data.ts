import { failure, OPCODE, request, response, storeRequest } from '../binary-packet.js';
import { DIFFERENCE, type Row, row, type Table } from '../wire-table.js';

/** Data that would be a command, and must not be one. */
const TRAP = 'set pwned 0 0 1|x';
const TRAP_BYTES = 18;
const MANY_TRAPS = `${TRAP}|`.repeat(70_000);
const MANY_TRAPS_BYTES = 70_000 * (TRAP_BYTES + 2) - 2;
const TOO_LONG_KEY = 'k'.repeat(251);

const BAD_LINE = 'CLIENT_ERROR bad command line format|';
const TOO_LARGE = 'SERVER_ERROR object too large for cache|';

/** Lines of a storage command that are wrong in one word, their length aside. */
function badLines(verb: string): string[] {
  const id = verb === 'cas' ? ' 1' : '';
  const badFlags = ['x', '-1', '1.5', '0x1', '5x', '18446744073709551616'];
  const badExptimes = ['x', '1.5', '5x', '9223372036854775808'];
  const badIds = ['', ' ', ' x', ' -1', ' 1.5', ' 18446744073709551616'];
  return [
    ...badFlags.map((flags) => `${verb} a ${flags} 0 ${TRAP_BYTES}${id}`),
    ...badExptimes.map((exptime) => `${verb} a 0 ${exptime} ${TRAP_BYTES}${id}`),
    ...(verb === 'cas' ? badIds.map((badId) => `cas a 0 0 ${TRAP_BYTES}${badId}`) : []),
    `${verb} ${TOO_LONG_KEY} 0 0 ${TRAP_BYTES}${id}`,
    `${verb} ${TOO_LONG_KEY} x x ${TRAP_BYTES}${id} and more`,
  ];
}

/** Each line with data behind it, and then what a command in it would have stored. */
function passedOver(lines: readonly string[], answer: string): readonly [string, string][] {
  return lines.map((line) => [`${line}|${TRAP}|get pwned|`, `${answer}END|`]);
}

function rowsOf(verb: string): Row[] {
  const id = verb === 'cas' ? ' 1' : '';
  const lines = badLines(verb);
  // Where its id is missing, `noreply` is taken for it.
  const quietLines = lines.map((line) => `${line} noreply`);
  const tooLarge = `${verb} a 0 0 ${MANY_TRAPS_BYTES}${id}`;
  const data = MANY_TRAPS.slice(0, -1);
  return [
    row(`${verb}: whatever is wrong`, passedOver(lines, BAD_LINE), { differs: DIFFERENCE.swallow }),
    row(`${verb} with noreply: whatever is wrong`, passedOver(quietLines, ''), {
      differs: DIFFERENCE.swallow,
    }),
    row(
      `${verb}: too large data`,
      [
        [`${tooLarge}|${data}|get pwned|`, `${TOO_LARGE}END|`],
        [`${tooLarge} noreply|${data}|get pwned|`, 'END|'],
      ],
      { wholeOnly: true },
    ),
  ];
}

function badMetaLines(rest: string): string {
  return `ms a ${TRAP_BYTES} ${rest}|${TRAP}|mn|get pwned|`;
}

/** The value of a storage packet that is itself a packet. */
const PACKET = storeRequest(OPCODE.set, 'pwned', 'x');
const MANY_PACKETS = PACKET.repeat(40_000);
const ASKED = request(OPCODE.get, { key: 'pwned' });
const MISSED = failure(OPCODE.get, 'notFound');

const { set, add, replace, append, prepend, setq, addq, replaceq, appendq, prependq } = OPCODE;
const WITH_EXTRAS: readonly number[] = [set, add, replace, setq, addq, replaceq];
const WITHOUT_EXTRAS = [append, prepend, appendq, prependq];

/** Wrong shapes: nobody knows where the next packet begins, so the connection ends. */
function badShapes(opcode: number): string[] {
  const extras = WITH_EXTRAS.includes(opcode) ? '\0'.repeat(8) : '';
  const wrongExtras = extras === '' ? '\0'.repeat(8) : '';
  return [
    request(opcode, { extras, value: PACKET }),
    request(opcode, { extras, key: TOO_LONG_KEY, value: PACKET }),
    request(opcode, { extras: wrongExtras, key: 'a', value: PACKET }),
  ];
}

function binaryRows(): Row[] {
  const opcodes = [...WITH_EXTRAS, ...WITHOUT_EXTRAS];
  const hex = (opcode: number): string => `0x${opcode.toString(16).padStart(2, '0')}`;
  return [
    ...opcodes.flatMap((opcode) =>
      badShapes(opcode).map((packet, i): Row => {
        const reply = failure(opcode, 'invalid');
        return { title: `binary ${hex(opcode)}: shape ${i}`, turns: [[packet + ASKED, reply]], closes: true };
      }),
    ),
    ...opcodes.map((opcode): Row => {
      const tooLarge = WITH_EXTRAS.includes(opcode)
        ? storeRequest(opcode, 'a', MANY_PACKETS)
        : request(opcode, { key: 'a', value: MANY_PACKETS });
      const turn = [tooLarge + ASKED, failure(opcode, 'tooLarge') + MISSED] as const;
      return { title: `binary ${hex(opcode)}: too large`, turns: [turn], wholeOnly: true };
    }),
    {
      title: 'binary: values that are not stored',
      turns: [
        [
          storeRequest(replace, 'a', PACKET) +
            request(append, { key: 'a', value: PACKET }) +
            storeRequest(set, 'a', PACKET, { cas: 9 }) +
            storeRequest(add, 'a', 'x') +
            storeRequest(add, 'a', PACKET) +
            ASKED,
          failure(replace, 'notFound') +
            failure(append, 'notStored') +
            failure(set, 'notFound') +
            response(add, { cas: 1 }) +
            failure(add, 'exists') +
            MISSED,
        ],
      ],
    },
  ];
}

/** An erroneous storage command never lets its data run as commands, once the length is known. */
export const refusedData: Table = {
  name: 'data of refused storage commands',
  rows: [
    ...['set', 'add', 'replace', 'append', 'prepend', 'cas'].flatMap(rowsOf),
    row('what is not stored', [
      [
        `replace a 0 0 ${TRAP_BYTES}|${TRAP}|append a 0 0 ${TRAP_BYTES}|${TRAP}|cas a 0 0 ${TRAP_BYTES} 1|${TRAP}|get pwned|`,
        'NOT_STORED|NOT_STORED|NOT_FOUND|END|',
      ],
      [
        `set a 0 0 1|x|add a 0 0 ${TRAP_BYTES}|${TRAP}|cas a 0 0 ${TRAP_BYTES} 9|${TRAP}|get pwned|`,
        'STORED|NOT_STORED|EXISTS|END|',
      ],
    ]),
    row(
      'cas without its id takes the word there for the length',
      [['cas a 0 1 1|x|cas a  0 18 1|x|get a|', `${BAD_LINE}${BAD_LINE}END|`]],
      { differs: DIFFERENCE.swallow },
    ),
    row(
      'ms: whatever is wrong',
      [
        [badMetaLines('q q'), 'CLIENT_ERROR duplicate flag|MN|END|'],
        [badMetaLines('z'), 'CLIENT_ERROR invalid flag|MN|END|'],
        [badMetaLines('5'), 'CLIENT_ERROR invalid flag|MN|END|'],
        [badMetaLines('Tx'), 'CLIENT_ERROR bad token in command line format|MN|END|'],
        [badMetaLines('Cx'), 'CLIENT_ERROR bad token in command line format|MN|END|'],
        [badMetaLines('Fx'), `${BAD_LINE}MN|END|`],
        [badMetaLines('MZ'), 'CLIENT_ERROR invalid mode for ms M token|MN|END|'],
        [badMetaLines(`O${'1'.repeat(32)}`), 'CLIENT_ERROR opaque token too long|MN|END|'],
        [`ms a! ${TRAP_BYTES} b|${TRAP}|get pwned|`, 'CLIENT_ERROR error decoding key|END|'],
        [`ms ${TOO_LONG_KEY} ${TRAP_BYTES}|${TRAP}|get pwned|`, `${BAD_LINE}END|`],
      ],
      { differs: DIFFERENCE.metaErrors },
    ),
    row('ms: what is not stored', [
      [`${badMetaLines('MR')}${badMetaLines('MA')}${badMetaLines('C9')}`, 'NS|MN|END|NS|MN|END|NF|MN|END|'],
    ]),
    row(
      'ms: too large data',
      [[`ms a ${MANY_TRAPS_BYTES} q|${MANY_TRAPS.slice(0, -1)}|mn|get pwned|`, `${TOO_LARGE}MN|END|`]],
      { wholeOnly: true },
    ),
    row(
      'ms: a word that is no flag ends it before its length counts, as in memcached',
      [['ms a 1 !|mn|ms a 1 q q !|mn|', `${BAD_LINE}MN|${BAD_LINE}MN|`]],
      { differs: DIFFERENCE.swallow },
    ),
    ...binaryRows(),
  ],
};
