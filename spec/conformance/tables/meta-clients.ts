import { row, type Table } from '../wire-table.js';

/** What Ruby's Dalli sends since it speaks only meta commands: Debian has an older one. */
export const metaClients: Table = {
  name: 'meta commands as Dalli writes them',
  rows: [
    row('set, get and a miss', [
      ['ms a 5 c F1 T60 MS|hello|', 'HD c1|'],
      ['mg a v f|mg b v f|', 'VA 5 f1|hello|EN|'],
    ]),
    row('get with cas, and a set that compares', [
      ['ms a 1 c F0 T0 MS|x|mg a v f c|', 'HD c1|VA 1 f0 c1|x|'],
      ['ms a 1 c F0 C1 T0 MS|y|ms a 1 c F0 C1 T0 MS|z|', 'HD c2|EX c0|'],
    ]),
    row('add and replace', [
      ['ms a 1 c F0 T0 ME|x|ms a 1 c F0 T0 ME|y|', 'HD c1|NS c0|'],
      ['ms a 1 c F0 T0 MR|z|ms b 1 c F0 T0 MR|z|', 'HD c2|NS c0|'],
    ]),
    row('append and prepend', [
      ['ms a 1 c F3 T0 MS|b|ms a 1 MA|c|ms a 1 MP|a|ms b 1 MA|x|', 'HD c1|HD|HD|NS|'],
      ['mg a v f|', 'VA 3 f3|abc|'],
    ]),
    row('many gets as one quiet pipeline', [
      ['ms a 1 c F0 T0 MS|x|ms c 2 c F5 T0 MS|yy|', 'HD c1|HD c2|'],
      ['mg a v f k q s|mg b v f k q s|mg c v f k q s|mn|', 'VA 1 f0 ka s1|x|VA 2 f5 kc s2|yy|MN|'],
    ]),
    row('quiet sets and deletes', [
      ['ms a 1 c F0 T0 MS q|x|ms b 1 c F0 T0 MS q|y|md a q|mn|', 'MN|'],
      ['mg a v f|mg b v f|', 'EN|VA 1 f0|y|'],
    ]),
    row('counters, which begin on the way', [
      ['ma n v D5 J10 N60 MI|ma n v D5 J10 N60 MI|ma n v D3 MD|', 'VA 2|10|VA 2|15|VA 2|12|'],
      ['ma m v D1 MI|', 'NF|'],
    ]),
    row('keys that text cannot hold', [
      ['ms YSBiIMOp 2 c b F0 T0 MS|hi|mg YSBiIMOp v f b|md YSBiIMOp b|', 'HD c1|VA 2 f0|hi|HD|'],
      ['mg YSBiIMOp v f b k q s|mn|', 'MN|'],
    ]),
    row('get and touch, and touch alone', [
      ['ms a 1 c F0 T60 MS|x|mg a v f T300|mg a T30|mg a t|', 'HD c1|VA 1 f0|x|HD|HD t30|'],
      ['mg b T30|', 'EN|'],
    ]),
    row('delete that compares', [['ms a 1 c F0 T0 MS|x|md a C9|md a C1|md a|', 'HD c1|EX|HD|NF|']]),
    row('a value for one of many to fill', [
      ['mg a v f c N30 t|mg a v f N30|', 'VA 0 f0 c1 t30 W||VA 0 f0 Z||'],
      ['ms a 3 c F0 T60 C1 MS|new|mg a v f|', 'HD c2|VA 3 f0|new|'],
    ]),
  ],
};
